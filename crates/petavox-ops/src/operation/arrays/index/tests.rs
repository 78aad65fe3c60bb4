use super::*;
use petavox_core::{Block, ChunkGrid, Dtype, Region, Source};

struct Empty(ImageSpec, ChunkGrid);

impl Source for Empty {
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
        Ok(())
    }
    fn locator(&self) -> Option<String> {
        None
    }
}

fn image(shape: &[usize]) -> Arc<Node> {
    let mut spec = ImageSpec::new(shape, Dtype::UInt8).unwrap();
    spec.spacing.values = (0..shape.len()).map(|a| 0.5 + a as f64).collect();
    spec.origin = vec![10.0; shape.len()];
    let grid = ChunkGrid::new(shape, shape);
    Node::source(Arc::new(Empty(spec, grid)))
}

fn by(input: &Arc<Node>, items: Json) -> Result<Arc<Node>> {
    let given = json!({ "items": items }).as_object().cloned().unwrap();
    let mut params = Params::new("index", given);
    build(input, &mut params)
}

#[test]
fn spacing_grows_with_the_step_and_the_origin_follows_the_first_sample() {
    let image = image(&[8, 9, 10]);
    let node =
        by(&image, json!([{"start": 7, "step": -2, "count": 3}, 4, {"start": 2, "step": 3}]))
            .unwrap();
    let spec = node.spec();
    assert_eq!((spec.shape.as_slice(), spec.axes.as_str()), (&[3, 3][..], "zx"));
    assert_eq!(spec.spacing.values, [1.0, 7.5]);
    assert_eq!(spec.origin, [10.0 + 7.0 * 0.5, 10.0 + 2.0 * 2.5]);
}

#[test]
fn new_axes_take_the_letter_that_fits_or_one_that_is_free() {
    let image = image(&[8, 9, 10]);
    let axes = |items: Json| by(&image, items).unwrap().spec().axes.to_string();
    assert_eq!(axes(json!(["new"])), "czyx");
    assert_eq!(axes(json!([{"new": true}, {"new": "q"}, "..."])), "tqzyx");
    assert_eq!(axes(json!(["...", "new"])), "zyxc");
    assert_eq!(axes(json!([0, "new"])), "cyx");
    assert!(by(&image, json!([{"new": "z"}])).is_err());
}

#[test]
fn slices_are_those_of_python() {
    // slice(start, stop, step).indices(5) of CPython, as (start, count).
    let cases = [
        ("..", 0, 5),
        ("../-1", 4, 5),
        ("-2..", 3, 2),
        ("..-2", 0, 3),
        ("1..9/2", 1, 2),
        ("3..1", 3, 0),
        ("-9..-3", 0, 2),
        ("9..0/-3", 4, 2),
        ("2..-9/-1", 2, 3),
    ];
    for (text, first, n) in cases {
        let Item::Slice { start, count, .. } = parse_item(&json!(text), 5).unwrap() else {
            panic!("{text}")
        };
        assert_eq!((start, count), (first, n), "{text}");
    }
}

#[test]
fn an_index_of_an_index_is_one_index() {
    let image = image(&[20, 30, 40]);
    let first = by(&image, json!(["2..18/3", "../-1", "new", 5])).unwrap();
    let second = by(&first, json!(["../-2", "new", 3, {"new": "w"}])).unwrap();
    assert_eq!(second.inputs()[0].id(), image.id());
    let items = second.params()["items"].clone();
    // From 2, 5, 8, 11, 14, 17: backwards in twos; position 3 of the reversed axis.
    assert_eq!(items[0], json!({"start": 17, "step": -6, "count": 3}));
    assert_eq!(items[2], json!({"at": 26}));
    assert_eq!(second.spec().shape, [3, 1, 1, 1]);
    let whole = by(&image, json!(["..", "..."])).unwrap();
    assert_eq!(whole.id(), image.id());
}

#[test]
fn what_leaves_the_image_is_refused_with_the_axis_extent() {
    let image = image(&[4, 5]);
    for items in [
        json!([4]),
        json!([-5]),
        json!([0, 0, 0]),
        json!([{"start": 2, "count": 3}]),
        json!([{"start": 0, "step": -1, "count": 2}]),
        json!(["../0"]),
        json!(["...", "..."]),
        json!([{"begin": 2}]),
        json!(["3"]),
        json!([1.5]),
        json!([{"new": "zz"}]),
    ] {
        assert!(by(&image, items.clone()).is_err(), "{items}");
    }
    let message = by(&image, json!([0, 9])).unwrap_err().to_string();
    assert!(message.contains("-5 to 4"), "{message}");
}

#[test]
fn positions_on_all_axes_leave_one_sample_without_axes() {
    let one = by(&image(&[4, 5]), json!([3, -1])).unwrap();
    assert_eq!((one.spec().shape.len(), one.spec().len()), (0, 1));
    assert_eq!(by(&one, json!(["new", "new"])).unwrap().spec().shape, [1, 1]);
    assert!(
        super::super::select::build(&one, &mut Params::new("select", Default::default())).is_err()
    );
}
