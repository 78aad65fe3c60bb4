use petavox_core::{Column, Dtype, ImageSpec, Spacing, Table};

use super::*;

/// A table as `skeleton` makes it: 3-D, with radii.
fn table(n: usize, seed: u64) -> Table {
    let mut state = seed;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let lengths: Vec<f64> = (0..n).map(|_| 1.0 - 20.0 * (1.0 - uniform()).ln()).collect();
    let straight: Vec<f64> = lengths.iter().map(|l| l * 0.8).collect();
    let radii: Vec<f64> = (0..n).map(|_| 2.0 + uniform()).collect();
    let ints = |f: fn(usize) -> i64| Column::Int((0..n).map(f).collect());
    Table::new(vec![
        ("skeleton_id".into(), ints(|i| i as i64 / 40)),
        ("node_id_src".into(), ints(|i| i as i64)),
        ("node_id_dst".into(), ints(|i| (i / 3) as i64)),
        ("branch_distance".into(), Column::Float(lengths)),
        ("branch_type".into(), ints(|i| (i % 7 / 2) as i64)),
        ("coord_src_0".into(), ints(|i| i as i64)),
        ("coord_dst_0".into(), ints(|i| i as i64)),
        ("euclidean_distance".into(), Column::Float(straight)),
        ("mean_radius".into(), Column::Float(radii)),
    ])
    .unwrap()
}

fn report(title: &str, table: &Table) -> String {
    let mut input = ImageSpec::new([20, 64, 80], Dtype::UInt16).unwrap();
    input.spacing = Spacing::new(vec![2.0, 0.5, 0.5], Some("micrometer".into())).unwrap();
    let picture = |raster| Projection {
        title: "image <x>".into(),
        caption: "maximum along z".into(),
        raster,
        size: [32.0, 40.0],
    };
    skeleton_report(&SkeletonReport {
        title: title.into(),
        run: RunFacts {
            command: "petavox skeleton \"a & b.tif\" -o out".into(),
            version: "9.8.7".into(),
            date: String::new(),
            parameters: vec![("sigma".into(), "1.5 <µm>".into())],
            seconds: 83.0,
            peak_memory_bytes: Some(768 << 20),
            memory_budget_bytes: Some(1 << 30),
            n_threads: Some(2),
        },
        input,
        table,
        n_mask_voxels: Some(10_240),
        n_skeleton_voxels: Some(1_234),
        n_lone_voxels: 5,
        notes: vec!["a note with <b>".into()],
        projections: vec![
            picture(Raster::grey(40, 32, vec![7; 40 * 32]).unwrap()),
            picture(Raster::rgb(4, 3, vec![200; 36]).unwrap()),
        ],
    })
}

/// Checks that every tag is closed in order and every attribute is quoted, as in XML.
fn assert_well_formed(html: &str) {
    let (start, end) = (html.find("<style>").unwrap(), html.find("</style>").unwrap());
    let page = format!("{}{}", &html[html.find("<html").unwrap()..start], &html[end + 8..]);
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.as_str();
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "a stray > in {:?}", &rest[..at]);
        let close = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..close];
        rest = &rest[close + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closing tag");
            continue;
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in <{tag}>");
        let outside: String = tag.split('"').step_by(2).collect();
        assert!(outside.matches('=').count() * 2 == tag.matches('"').count(), "<{tag}>");
        let name = tag.split([' ', '/']).next().unwrap();
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    for part in page.split('&').skip(1) {
        let entity = part.split(';').next().unwrap();
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&entity), "&{entity}");
    }
}

fn assert_offline(html: &str) {
    for word in ["http:", "https:", "//", "<script", "@import", "url(", "<link", "NaN", "inf"] {
        let text = html.replace('\n', " ");
        // The pictures are base64, in which anything may stand.
        let parts: Vec<&str> = text.split("data:image/png;base64,").collect();
        let clean: String = parts
            .iter()
            .enumerate()
            .map(|(i, p)| if i == 0 { *p } else { &p[p.find('"').unwrap()..] })
            .collect();
        assert!(!clean.contains(word), "{word}");
    }
}

#[test]
fn the_report_tells_the_numbers_and_escapes_every_name() {
    let html = report("cell <1> & \"2\"", &table(280, 1));
    let expected = [
        "cell &lt;1&gt; &amp; &quot;2&quot;",
        "petavox skeleton &quot;a &amp; b.tif&quot; -o out",
        "1.5 &lt;µm&gt;",
        "280 branches in 7 connected skeletons",
        "768 MiB of 1.00 GiB allowed (75.0 %)",
        "1 min 23 s",
        "Petavox 9.8.7",
        "20 × 64 × 80 (zyx), uint16",
        "2.000 × 0.5000 × 0.5000 µm",
        "10,240 samples, 10.0 % of the image",
        "1,234 samples",
        "5 skeleton voxels have no neighbour",
        "a note with &lt;b&gt;",
        "Image &lt;x&gt;",
        "tip to tip</th><td>80</td><td>28.6 %",
        "ring</th><td>40</td><td>14.3 %",
        "Start-to-end distance, not thickness",
        "branch length (µm)",
        "n = 280",
        "10 µm",
    ];
    for text in expected {
        assert!(html.contains(text), "{text}");
    }
}

#[test]
fn pages_are_well_formed_offline_and_the_same_each_time() {
    let samples: Vec<(String, Table)> =
        (0..5).map(|i| (format!("s{i} <&\">'"), table(i * 30, i as u64))).collect();
    let options = CompareOptions { unit: Some("micrometer".into()), ..Default::default() };
    let pages = || {
        vec![
            report("a", &table(280, 1)),
            report("few", &table(3, 1)),
            report("one", &table(1, 1)),
            report("none", &table(0, 1)),
            compare_report(&samples, &options),
            compare_report(&samples[2..4], &options),
            compare_report(&samples[..1], &CompareOptions::default()),
            compare_report(&[], &CompareOptions::default()),
        ]
    };
    let first = pages();
    for html in &first {
        assert_well_formed(html);
        assert_offline(html);
    }
    assert_eq!(first, pages());
}

#[test]
fn an_empty_table_says_so_and_why() {
    let html = report("none", &table(0, 1));
    assert!(html.contains("No branches were found") && html.contains("There is no branch"));
    assert!(html.contains("single samples only"), "lone voxels are the reason here");
    assert!(!html.contains("<polygon"));
}

#[test]
fn comparisons_show_each_sample_and_only_measurements() {
    let mut other = table(60, 2);
    other.push("area", Column::Float((0..60).map(f64::from).collect())).unwrap();
    other.push("constant", Column::Float(vec![1.0; 60])).unwrap();
    let samples = [("wild".to_string(), table(1500, 1)), ("mutant".to_string(), other)];
    let html = compare_report(&samples, &CompareOptions::default());
    for text in [
        "wild",
        "mutant",
        "1,500",
        "n = 60",
        "Mann-Whitney U = ",
        "<h3>Area</h3>",
        "unit of the tables",
    ] {
        assert!(html.contains(text), "{text}");
    }
    for text in ["<h3>Skeleton id", "<h3>Node", "<h3>Coord", "<h3>Branch type", "<h3>Constant"] {
        assert!(!html.contains(text), "{text}");
    }
}

#[test]
fn tables_with_hyphens_gaps_and_odd_values_are_read() {
    let odd = vec![f64::NAN, f64::INFINITY, 1e300, 0.0, -4.0, 2.0, 2.0, 2.0];
    let t = Table::new(vec![
        ("branch-distance".into(), Column::Float(odd.clone())),
        ("branch-type".into(), Column::Float(vec![0.0, 1.0, 2.0, 3.0, 9.0, -1.0, 0.0, 0.0])),
        ("µgröße <µ>".into(), Column::Float(odd)),
    ])
    .unwrap();
    let html = compare_report(&[("x".into(), t.clone())], &CompareOptions::default());
    assert!(html.contains("n = 6") && html.contains("Μgröße &lt;µ&gt;"));
    assert_well_formed(&html);
    assert_well_formed(&report("odd", &t));
}

#[test]
fn junctions_and_tips_are_counted_from_the_ends() {
    // A Y of three branches, a free bar, and a ring.
    let int = |v: &[i64]| Column::Int(v.to_vec());
    let y = Table::new(vec![
        ("skeleton_id".into(), int(&[0, 0, 0, 1, 2])),
        ("node_id_src".into(), int(&[0, 1, 2, 5, 8])),
        ("node_id_dst".into(), int(&[2, 2, 4, 6, 8])),
        ("branch_type".into(), int(&[1, 1, 1, 0, 3])),
        ("branch_distance".into(), Column::Float(vec![1.0, 2.0, 3.0, 4.0, 5.0])),
    ])
    .unwrap();
    let b = branches::branches(&y);
    assert_eq!((b.n_skeletons, b.n_junctions, b.n_tips), (Some(3), Some(1), Some(5)));
    assert_eq!(b.per_type, [(1, 4.0), (3, 6.0), (0, 0.0), (1, 5.0)]);
    assert_eq!(b.total_length, Some(15.0));
}

#[test]
fn the_rank_test_equals_scipys() {
    // scipy 1.17.1: mannwhitneyu(a, b, method="asymptotic", alternative="two-sided")
    let a: Vec<f64> = (0..40).map(|i| f64::from(i * 7 % 23)).collect();
    let b: Vec<f64> = (0..25).map(|i| f64::from(i * 5 % 19) + 8.0).collect();
    let test = rank_test(&summary(&a), &summary(&b)).unwrap();
    assert!((test.u - 290.0).abs() < 1e-9, "{}", test.u);
    assert!((test.p - 0.004693660559090122).abs() < 1e-12, "{}", test.p);
    assert!((test.superiority - 290.0 / 1000.0).abs() < 1e-12);
    let back = rank_test(&summary(&b), &summary(&a)).unwrap();
    assert_eq!((back.u, back.p), (1000.0 - test.u, test.p));
    assert!(rank_test(&summary(&a), &summary(&b[..7])).is_none());
    let same = summary(&[1.0; 9]);
    assert!(rank_test(&same, &same).unwrap().p.is_nan());
}

#[test]
fn rasters_of_a_wrong_size_are_refused() {
    assert!(Raster::grey(3, 2, vec![0; 5]).is_err());
    assert!(Raster::rgb(3, 2, vec![0; 6]).is_err());
    assert!(Raster::grey(usize::MAX, 2, vec![]).is_err());
    assert!(Raster::grey(0, 0, vec![]).is_err());
}
