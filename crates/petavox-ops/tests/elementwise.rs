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
