//! numpy's elementwise functions give numpy's dtypes, numpy's errors and numpy's numbers, as `bench/golden/elementwise.py` recorded them.

use petavox_core::{
    Block, Buffer, ChunkGrid, Dtype, Error, ImageSpec, Region, Result, Source, dispatch,
};
use petavox_engine::{BlockCall, Kind, Node};
use petavox_ops::apply_to;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An image that is only named: blocks are handed to the operation directly.
struct Named(ImageSpec, ChunkGrid, String);

impl Source for Named {
    fn spec(&self) -> &ImageSpec {
        &self.0
    }
    fn grid(&self) -> &ChunkGrid {
        &self.1
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn read(&self, _: &mut Block) -> Result<()> {
        Err(Error::internal("test", "read"))
    }
    fn locator(&self) -> Option<String> {
        Some(self.2.clone())
    }
}

fn node_of(name: &str, spec: ImageSpec) -> Arc<Node> {
    let grid = ChunkGrid::new(&spec.shape, &spec.shape);
    Node::source(Arc::new(Named(spec, grid, name.to_owned())))
}

fn node(name: &str, block: &Block) -> Arc<Node> {
    node_of(name, ImageSpec::new(block.shape(), block.dtype()).unwrap())
}

fn block(dtype: Dtype, bytes: &[u8]) -> Block {
    let mut buffer = Buffer::zeroed(bytes.len()).unwrap();
    buffer.bytes_mut().copy_from_slice(bytes);
    Block::over(Region::new([0], [bytes.len() / dtype.size()]), dtype, buffer).unwrap()
}

/// The function of whole blocks, through its parameters as text, without the engine.
fn compute(name: &str, blocks: &[&Block], params: Json) -> Result<Block> {
    let nodes: Vec<Arc<Node>> =
        blocks.iter().enumerate().map(|(i, b)| node(&format!("image {i}"), b)).collect();
    let params: Map<String, Json> = serde_json::from_str(&params.to_string()).unwrap();
    let made = apply_to(&nodes, name, params)?;
    let text = made.params().to_string();
    let again = apply_to(&nodes, made.name(), serde_json::from_str(&text).unwrap())?;
    assert_eq!(again.id(), made.id(), "{name} {text}");
    run(&made, blocks)
}

fn run(made: &Arc<Node>, blocks: &[&Block]) -> Result<Block> {
    let Kind::Block(op) = made.kind() else { panic!("{} is no block operation", made.name()) };
    let specs: Vec<&ImageSpec> = made.inputs().iter().map(|n| n.spec()).collect();
    let mut output = Block::zeros(made.spec().region(), made.spec().dtype)?;
    output.bytes_mut().fill(0xa5);
    let needs = op.needs(&specs, output.region());
    assert!(needs.iter().zip(blocks).all(|(n, b)| n.region == *b.region()), "{}", made.name());
    let mut scratch = Buffer::zeroed(0)?;
    op.run(BlockCall {
        inputs: blocks,
        specs: &specs,
        output: &mut output,
        scratch: &mut scratch,
        cancel: &petavox_core::CancelToken::new(),
    })?;
    Ok(output)
}

/// What was recorded.
struct Golden {
    document: Json,
    samples: Vec<u8>,
    at: usize,
    /// By function and float: the largest difference in units of the last place.
    worst: BTreeMap<(String, &'static str), u64>,
    wrong: Vec<String>,
}

const LETTERS: &str = "?BbHhIiQqfd";

fn dtype_of(letter: char) -> Option<Dtype> {
    let at = LETTERS.find(letter)?;
    let names = [
        "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
        "float32", "float64",
    ];
    Dtype::parse(names[at]).ok()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks_exact(2).map(|p| digit(p[0]) << 4 | digit(p[1])).collect()
}

impl Golden {
    fn read() -> Golden {
        let path = format!("{}/tests/golden/elementwise", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(format!("{path}.json")).unwrap();
        let samples = std::fs::read(format!("{path}.bin")).unwrap();
        let document = serde_json::from_str(&text).unwrap();
        Golden { document, samples, at: 0, worst: BTreeMap::new(), wrong: vec![] }
    }

    fn dtypes(&self) -> Vec<Dtype> {
        let names = self.document["dtypes"].as_array().unwrap().iter();
        names.map(|n| Dtype::parse(n.as_str().unwrap()).unwrap()).collect()
    }

    fn edges(&self, dtype: Dtype) -> Block {
        block(dtype, &unhex(self.document["edges"][dtype.name()].as_str().unwrap()))
    }

    /// Compares with the next answer; `letter` says what it is.
    fn check(
        &mut self,
        about: &str,
        letter: char,
        function: &str,
        n_samples: usize,
        got: Result<Block>,
    ) {
        let letter = if letter == 'e' { 'f' } else { letter };
        let Some(dtype) = dtype_of(letter) else {
            let message = match got {
                // numpy gives up on integers that 64 bits do not hold where only their truth or order matters.
                Ok(block) if letter == 'o' && block.dtype() == Dtype::Bool => return,
                Ok(block) => {
                    self.wrong.push(format!("{about}: {letter} expected, got {}", block.dtype()));
                    return;
                }
                Err(error) => error,
            };
            let fits = match letter {
                '.' => matches!(message, Error::UnsupportedDtype { .. }),
                'o' => {
                    message.to_string().contains("out of bounds for")
                        || message.to_string().contains("too large")
                }
                _ => message.to_string().contains("negative integer powers"),
            };
            if !fits {
                self.wrong.push(format!("{about}: {letter} expected, got {message}"));
            }
            return;
        };
        let n = n_samples * dtype.size();
        let want = block(dtype, &self.samples[self.at..self.at + n]);
        self.at += n;
        let got = match got {
            Ok(got) if got.dtype() == dtype => got,
            Ok(got) => {
                return self.wrong.push(format!("{about}: {dtype} expected, got {}", got.dtype()));
            }
            Err(e) => return self.wrong.push(format!("{about}: {dtype} expected, got {e}")),
        };
        let digits = match function {
            // glibc's is less exact than ours.
            "cbrt" => 2,
            smooth if SMOOTH.contains(&smooth) => 1,
            _ => 0,
        };
        for i in 0..got.region().len() {
            let apart = apart(&got, &want, i);
            if apart > 0 && dtype.is_float() && digits > 0 {
                let worst = self.worst.entry((function.to_owned(), dtype.name())).or_default();
                *worst = apart.max(*worst);
            }
            if apart > digits {
                let (got, want) = (shown(&got, i), shown(&want, i));
                self.wrong.push(format!("{about}: sample {i} is {got}, numpy says {want}"));
            }
        }
    }
}

/// Functions that are more than arithmetic, which may differ in the last place.
const SMOOTH: &[&str] = &[
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "cbrt",
    "cos",
    "cosh",
    "exp",
    "exp2",
    "expm1",
    "hypot",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "power",
    "sin",
    "sinh",
    "tan",
    "tanh",
];

/// Units in the last place between two floats, numbers equal to one another being 0 apart, and NaN only to NaN.
fn apart(a: &Block, b: &Block, i: usize) -> u64 {
    fn ordered(bits: i64, sign: i64) -> i64 {
        if bits < 0 { sign.wrapping_sub(bits) } else { bits }
    }
    match a.dtype() {
        Dtype::Float32 => {
            let (x, y) = (a.typed::<f32>().unwrap()[i], b.typed::<f32>().unwrap()[i]);
            let place = |v: f32| ordered(i64::from(v.to_bits() as i32), i64::from(i32::MIN));
            match x == y || (x.is_nan() && y.is_nan()) {
                true => 0,
                false if x.is_nan() || y.is_nan() => u64::MAX,
                false => place(x).abs_diff(place(y)),
            }
        }
        Dtype::Float64 => {
            let (x, y) = (a.typed::<f64>().unwrap()[i], b.typed::<f64>().unwrap()[i]);
            let place = |v: f64| ordered(v.to_bits() as i64, i64::MIN);
            match x == y || (x.is_nan() && y.is_nan()) {
                true => 0,
                false if x.is_nan() || y.is_nan() => u64::MAX,
                false => place(x).abs_diff(place(y)),
            }
        }
        other => {
            let size = other.size();
            let same = a.bytes()[i * size..(i + 1) * size] == b.bytes()[i * size..(i + 1) * size];
            if same { 0 } else { u64::MAX }
        }
    }
}

fn shown(block: &Block, i: usize) -> String {
    dispatch!(block.dtype(), T => format!("{:?}", block.typed::<T>().unwrap()[i]))
}

/// Samples of a block by number.
fn taken(from: &Block, at: impl Iterator<Item = usize>) -> Block {
    let size = from.dtype().size();
    let bytes: Vec<u8> = at.flat_map(|i| from.bytes()[i * size..(i + 1) * size].to_vec()).collect();
    block(from.dtype(), &bytes)
}

fn crossed(a: &Block, b: &Block) -> (Block, Block) {
    let (n, m) = (a.region().len(), b.region().len());
    (taken(a, (0..n * m).map(|i| i / m)), taken(b, (0..n * m).map(|i| i % m)))
}

fn some(a: &Block, b: &Block, n: usize) -> (Block, Block) {
    let (na, nb) = (a.region().len(), b.region().len());
    (taken(a, (0..n).map(|i| (7 * i + 1) % na)), taken(b, (0..n).map(|i| (3 * i + 2) % nb)))
}

/// Exponents that integers may have: `abs(b // 2)`.
fn exponents(name: &str, b: Block) -> Block {
    if name != "power" || !b.dtype().is_integer() || !b.dtype().is_signed() {
        return b;
    }
    let half = compute("floor_divide", &[&b], json!({ "value": 2 })).unwrap();
    compute("absolute", &[&half], json!({})).unwrap()
}

fn scalars() -> Vec<Json> {
    let nan = json!("nan");
    let long = json!("1000000000000000000000000000000");
    vec![
        json!(true),
        json!(2),
        json!(-3),
        json!(300),
        json!(9223372036854775808u64),
        long,
        json!(2.5),
        nan,
    ]
}

#[test]
fn functions_of_edge_values_are_numpys() {
    let mut golden = Golden::read();
    let dtypes = golden.dtypes();
    let dense = block(Dtype::Float64, &unhex(golden.document["dense"].as_str().unwrap()));
    let cases = golden.document["cases"].as_array().unwrap().clone();
    for case in &cases {
        let text = |key: &str| case[key].as_str().unwrap().to_owned();
        let (function, how) = (text("function"), text("how"));
        let name = function.split(' ').next().unwrap().to_owned();
        for (i, letter) in text("letters").chars().enumerate() {
            let (a, b) = (dtypes[i / dtypes.len() % dtypes.len()], dtypes[i % dtypes.len()]);
            let (row, edges) = (i / dtypes.len(), golden.edges(b));
            let weak = |v: &Json| json!({ "value": v, "dtype": "weak" });
            let image = json!({ "image": 0 });
            let pairs = golden.edges(a).region().len() * edges.region().len();
            let n = match (name.as_str(), how.as_str()) {
                (_, "dense") => dense.region().len(),
                ("where", "edges") => 10,
                ("clip", "edges") => golden.edges(a).region().len().pow(2),
                (_, "dtype") => golden.edges(a).region().len(),
                (_, "edges") if UNARY_LETTERS != text("letters").len() => {
                    if a == b {
                        pairs
                    } else {
                        4
                    }
                }
                _ => edges.region().len(),
            };
            let got = match (name.as_str(), how.as_str()) {
                (_, "dense") => {
                    let dtype = ["float32", "float64"][i];
                    let x = compute("positive", &[&dense], json!({})).unwrap();
                    let x = if i == 0 { cast(&x, dtype) } else { x };
                    compute(&name, &[&x], json!({}))
                }
                ("where", "edges") => {
                    let (x, y) = some(&golden.edges(a), &edges, 10);
                    let truth: Vec<u8> = (0..10).map(|i| u8::from(i % 3 == 0)).collect();
                    compute("where", &[&block(Dtype::Bool, &truth), &x, &y], json!({}))
                }
                ("clip", "edges") => {
                    let (x, y) = crossed(&golden.edges(a), &golden.edges(a));
                    let z = some(&edges, &edges, x.region().len()).0;
                    compute("clip", &[&x, &y, &z], json!({}))
                }
                ("where", "scalar") => {
                    let scalar = [json!(true), json!(2), json!(2.5)][row].clone();
                    let truth: Vec<u8> =
                        (0..edges.region().len()).map(|i| u8::from(i % 2 == 0)).collect();
                    let (x, y) = (weak(&scalar), json!({ "image": 1 }));
                    let operands =
                        if function == "where x" { [image, x, y] } else { [image, y, x] };
                    compute(
                        "where",
                        &[&block(Dtype::Bool, &truth), &edges],
                        json!({ "operands": operands }),
                    )
                }
                ("clip", "scalar") => {
                    let limits = match function.as_str() {
                        "clip" => json!({ "min": 2, "max": 100 }),
                        "clip min" => json!({ "min": 1.5 }),
                        "clip max" => json!({ "max": 2 }),
                        "clip wide" => json!({ "min": -3, "max": 300 }),
                        _ => json!({ "min": 300, "max": 2 }),
                    };
                    compute("clip", &[&edges], limits)
                }
                (_, "dtype") => {
                    let x = golden.edges(a);
                    let n = x.region().len();
                    let y = taken(&x, (0..n).rev());
                    let blocks: &[&Block] = if name == "sqrt" { &[&x] } else { &[&x, &y] };
                    compute(&name, blocks, json!({ "dtype": b.name() }))
                }
                (_, "scalar right") => {
                    compute(&name, &[&edges], json!({ "value": scalars()[row] }))
                }
                (_, "scalar left") => {
                    let scalar = [json!(2), json!(2.5)][row].clone();
                    let x = exponents(&name, edges);
                    compute(&name, &[&x], json!({ "operands": [weak(&scalar), image] }))
                }
                _ if UNARY_LETTERS == text("letters").len() => compute(&name, &[&edges], json!({})),
                _ if a == b => {
                    let (x, y) = crossed(&golden.edges(a), &exponents(&name, edges));
                    compute(&name, &[&x, &y], json!({}))
                }
                _ => {
                    let (x, y) = some(&golden.edges(a), &exponents(&name, edges), 4);
                    compute(&name, &[&x, &y], json!({}))
                }
            };
            let about = format!("{function}, {how}, {a} {b} ({i})");
            golden.check(&about, letter, &name, n, got);
        }
    }
    let (n, wrong) =
        (golden.wrong.len(), golden.wrong.iter().take(80).cloned().collect::<Vec<_>>());
    assert!(wrong.is_empty(), "{n} wrong:\n{}\n{:?}", wrong.join("\n"), golden.worst);
    assert_eq!(golden.at, golden.samples.len(), "answers left over");
}

const UNARY_LETTERS: usize = LETTERS.len();

fn cast(x: &Block, dtype: &str) -> Block {
    compute("astype", &[x], json!({ "dtype": dtype })).unwrap()
}

fn message(name: &str, blocks: &[&Block], params: Json) -> String {
    compute(name, blocks, params).unwrap_err().to_string()
}

fn of<T: petavox_core::Element>(samples: &[T]) -> Block {
    Block::from_vec(Region::new([0], [samples.len()]), samples.to_vec()).unwrap()
}

#[test]
fn errors_say_what_numpy_says() {
    let (bytes, ints, floats) = (of(&[1u8, 2]), of(&[1i16, -2]), of(&[1f32, 2.0]));
    let three = of(&[1u8, 2, 3]);
    for (name, blocks, params, part) in [
        (
            "add",
            vec![&bytes],
            json!({ "value": 300 }),
            "Python integer 300 out of bounds for uint8",
        ),
        (
            "maximum",
            vec![&bytes],
            json!({ "value": -1 }),
            "Python integer -1 out of bounds for uint8",
        ),
        (
            "where",
            vec![&bytes, &bytes],
            json!({ "y": 256 }),
            "Python integer 256 out of bounds for uint8",
        ),
        (
            "power",
            vec![&ints],
            json!({ "value": -1 }),
            "Integers to negative integer powers are not allowed",
        ),
        (
            "power",
            vec![&bytes, &ints],
            json!({}),
            "Integers to negative integer powers are not allowed",
        ),
        (
            "add",
            vec![&bytes, &three],
            json!({}),
            "could not be broadcast together with shapes (2) (3)",
        ),
        (
            "bitwise_and",
            vec![&floats],
            json!({ "value": 1 }),
            "bitwise_and does not take dtype float32",
        ),
        ("add", vec![&bytes], json!({}), "add: value: got nothing"),
        ("add", vec![&bytes, &bytes, &bytes], json!({}), "got 3 operands, expected 2"),
        ("add", vec![&bytes, &bytes], json!({ "value": 1 }), "'value'"),
        ("sqrt", vec![&bytes], json!({ "value": 1 }), "'value'"),
        (
            "add",
            vec![&bytes, &bytes],
            json!({ "operands": [{ "image": 0 }, { "value": 1 }] }),
            "every image",
        ),
        (
            "add",
            vec![&bytes],
            json!({ "operands": [{ "image": 0 }, { "image": 1 }] }),
            "one of 1 images",
        ),
        ("add", vec![&bytes], json!({ "operands": [{ "image": 0 }, null] }), "operands"),
        (
            "add",
            vec![&bytes],
            json!({ "operands": [{ "image": 0 }, { "value": "seven" }] }),
            "a number",
        ),
        (
            "add",
            vec![&bytes],
            json!({ "operands": [{ "image": 0 }, { "value": 1.5, "dtype": "int8" }] }),
            "an integer",
        ),
        (
            "add",
            vec![&bytes],
            json!({ "operands": [{ "image": 0 }, { "value": 1, "dtype": "int9" }] }),
            "int9",
        ),
        (
            "add",
            vec![&floats],
            json!({ "value": "1".repeat(400) }),
            "int too large to convert to float",
        ),
        ("clip", vec![&bytes], json!({}), "neither min nor max"),
        ("clip", vec![&bytes], json!({ "min": 256 }), "out of bounds for uint8"),
        ("add", vec![&floats], json!({ "value": 1, "dtype": "int8" }), "same_kind"),
    ] {
        let got = message(name, &blocks, params.clone());
        assert!(got.contains(part), "{name} {params}: {got}");
    }
}

#[test]
fn numbers_travel_exactly() {
    let floats = of(&[0.0f64]);
    for bits in [
        0x3fb999999999999au64,
        1,
        0x7fefffffffffffff,
        0x3ff0000000000001,
        0x8000000000000000,
        0x4340000000000001,
    ] {
        let value = f64::from_bits(bits);
        let got = compute(
            "copysign",
            &[&floats],
            json!({ "operands": [{ "value": value }, { "image": 0 }] }),
        )
        .unwrap();
        assert_eq!(got.typed::<f64>().unwrap()[0], value.abs());
        let got = compute(
            "add",
            &[&floats],
            json!({ "operands": [{ "image": 0 }, { "value": value, "dtype": "float64" }] }),
        );
        assert_eq!(got.unwrap().typed::<f64>().unwrap()[0], value);
    }
    for value in ["nan", "inf", "-inf"] {
        let got = compute("add", &[&floats], json!({ "value": value })).unwrap();
        assert_eq!(got.typed::<f64>().unwrap()[0].to_string().to_lowercase(), value);
    }
    let longs = of(&[0u64]);
    for value in [u64::MAX, (1 << 53) + 1, 1 << 63] {
        let got = compute("bitwise_or", &[&longs], json!({ "value": value })).unwrap();
        assert_eq!(got.typed::<u64>().unwrap()[0], value);
        let strong = json!({ "operands": [{ "image": 0 }, { "value": value, "dtype": "uint64" }] });
        assert_eq!(compute("add", &[&longs], strong).unwrap().typed::<u64>().unwrap()[0], value);
    }
    // Integers are compared with integers, whatever their length.
    let near = of(&[(1i64 << 53) + 1]);
    assert_eq!(compute("greater", &[&near], json!({ "value": 1i64 << 53 })).unwrap().bytes(), [1]);
    assert_eq!(
        compute("equal", &[&near, &of(&[(1u64 << 53) + 1])], json!({})).unwrap().bytes(),
        [1]
    );
    for (value, less) in [
        ("-1000000000000000000000000000000000000000000", 0),
        ("1000000000000000000000000000000000000000000", 1),
    ] {
        assert_eq!(compute("less", &[&near], json!({ "value": value })).unwrap().bytes(), [less]);
        let turned = json!({ "operands": [{ "value": value, "dtype": "weak" }, { "image": 0 }] });
        assert_eq!(compute("less", &[&near], turned).unwrap().bytes(), [1 - less]);
    }
}

#[test]
fn one_image_may_stand_in_several_places() {
    let image = of(&[1.0f32, -3.0]);
    let twice = json!({ "operands": [{ "image": 0 }, { "image": 0 }] });
    assert_eq!(compute("multiply", &[&image], twice).unwrap().typed::<f32>().unwrap(), [1.0, 9.0]);
}

#[test]
fn half_floats_are_single() {
    let strong = json!({ "operands": [{ "image": 0 }, { "value": 0.5, "dtype": "float16" }] });
    let got = compute("add", &[&of(&[1u8, 2])], strong).unwrap();
    assert_eq!(got.typed::<f32>().unwrap(), [1.5, 2.5]);
    assert_eq!(compute("sqrt", &[&of(&[4u8])], json!({})).unwrap().typed::<f32>().unwrap(), [2.0]);
}

#[test]
fn limits_that_cannot_be_passed_are_not_looked_at() {
    let bytes = of(&[0u8, 3, 255]);
    for (params, want, function) in [
        (json!({ "min": -5, "max": 300 }), [0, 3, 255], "positive"),
        (json!({ "min": 1, "max": 300 }), [1, 3, 255], "maximum"),
        (json!({ "min": -1, "max": 200 }), [0, 3, 200], "minimum"),
        (json!({ "min": 1, "max": 200 }), [1, 3, 200], "clip"),
    ] {
        assert_eq!(compute("clip", &[&bytes], params.clone()).unwrap().bytes(), want);
        let params = serde_json::from_value(params).unwrap();
        assert_eq!(apply_to(&[node("bytes", &bytes)], "clip", params).unwrap().name(), function);
    }
}

#[test]
fn the_result_lies_where_the_first_image_of_all_its_axes_lies() {
    let plane = ImageSpec::new([5, 1], Dtype::UInt8).unwrap().with_spacing(&[3.0], None).unwrap();
    let mut volume = ImageSpec::new([4, 5, 6], Dtype::Int8).unwrap();
    volume.spacing.values = vec![2.0, 0.5, 0.25];
    volume.spacing.unit = Some("micrometer".into());
    volume.origin = vec![10.0, 0.0, 1.0];
    let other = ImageSpec::new([1, 5, 6], Dtype::Float32).unwrap();
    let nodes: Vec<_> = [("a", plane), ("b", volume.clone()), ("c", other)]
        .into_iter()
        .map(|(name, spec)| node_of(name, spec))
        .collect();
    let sum = apply_to(&nodes[..2], "add", Map::new()).unwrap();
    assert_eq!(*sum.spec(), volume.with_dtype(Dtype::Int16));
    let chosen = apply_to(&nodes, "where", Map::new()).unwrap();
    assert_eq!(*chosen.spec(), volume.with_dtype(Dtype::Float32));
}
