//! What was found, as it is written down.

use super::edges::{Edge, Mover};
use super::measure::{Finding, Smoothing};

use crate::mosaic::layout::Layout;
use crate::mosaic::solve::{Fate, Solution, median};
use crate::mosaic::tiles::Tiles;
use serde::{Deserialize, Serialize};

/// A pair of tiles, by their numbers in the layout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairFound {
    /// The first tile's number.
    pub first: usize,
    /// The second tile's number.
    pub second: usize,
    /// Where the second lies from the first, in physical units; absent where nothing was found.
    pub shift: Option<Vec<f64>>,
    /// Correlation of what both show.
    pub score: f64,
    /// The correlation in units of chance; the limit stands beside the pairs.
    pub strength: f64,
    /// How far the shift is from where the tiles lie in the end, in samples.
    pub residual: Option<f64>,
    /// `used`, `doubtful` (contradicted, but the hold of a tile and near to what the stage means), `contradicted`, `weak` or `none`.
    pub state: String,
    /// Why nothing was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A tile whose place was not found from what it shares with others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unregistered {
    /// The tile's number in the layout.
    pub tile: usize,
    /// Its file.
    pub path: String,
    /// Why.
    pub why: String,
}

/// What the stage means by its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageFound {
    /// From positions as they were told to positions as they were found, row by row, the offset as the last column.
    pub model: Vec<Vec<f64>>,
    /// How far tiles usually lie from there, per axis, in samples.
    pub scatter: Vec<f64>,
}

/// What a tile was found to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TileModel {
    /// The tile's number in the layout.
    pub tile: usize,
    /// Its file.
    pub path: String,
    /// `translation`, `similarity` or `affine`.
    pub model: String,
    /// How much larger it lies in the mosaic than it is, on average over the axes.
    pub scale: f64,
    /// The same along each axis of the tile.
    pub scales: Vec<f64>,
    /// How far it is turned, in degrees: clockwise on a screen for tiles of two axes, about any axis for others.
    pub rotation_degrees: f64,
    /// How far the angle between two of its axes is from a right one at most, in degrees.
    pub shear_degrees: f64,
    /// Places it shares with others that are believed.
    pub n_matches: usize,
    /// Why it is not what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Where tiles lie, and how that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stitched {
    /// The layout with the places that were found; the other fields stand beside its own.
    #[serde(flatten)]
    pub layout: Layout,
    /// All pairs that were compared.
    pub pairs: Vec<PairFound>,
    /// Tiles whose places are not found but predicted.
    pub unregistered: Vec<Unregistered>,
    /// Tiles whose places were found, but hang on one pair, or on fewer than what contradicts them would take: nothing confirms them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed: Vec<Unregistered>,
    /// What tiles were to be besides moved: `similarity` or `affine`; absent if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What every tile was found to be, if it could be more than moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<TileModel>,
    /// What is odd and should be looked at.
    pub warnings: Vec<String>,
    /// What the stage means by its numbers.
    pub stage: StageFound,
    /// The least strength of a pair that was taken for an agreement.
    pub strength_limit: f64,
    /// The usual strength of pairs that cannot agree.
    pub strength_by_chance: f64,
    /// Smoothing with which pairs were found, in samples.
    pub finding_sigma: f64,
    /// Smoothing with which shifts were measured, in samples. Unless it was given, frequencies are weighed besides by what pairs have
    /// in common in them.
    pub measuring_sigma: f64,
    /// The usual residual of a pair that counts, in samples.
    pub typical_residual: f64,
    /// First sample and extent of every tile as it was told, in samples of the mosaic, for drawings.
    #[serde(skip)]
    pub outlines: Vec<(Vec<f64>, Vec<usize>)>,
    /// How far every tile was moved from where it was told to be, in samples.
    #[serde(skip)]
    pub moved: Vec<Vec<f64>>,
}

pub(super) fn outcome(
    layout: &Layout,
    tiles: &Tiles,
    movers: &[Mover],
    edges: &[Edge],
    found: &[Finding],
    solution: &Solution,
    smoothing: Smoothing,
    sigma: f64,
) -> Stitched {
    let spec = &tiles.spec;
    let spacing: Vec<f64> = tiles.spatial.iter().map(|&a| spec.spacing.values[a]).collect();
    let origin: Vec<f64> = tiles.spatial.iter().map(|&a| spec.origin[a]).collect();
    let mut out = Layout {
        tiles: Vec::new(),
        format: String::new(),
        notes: tiles.notes.clone(),
        ..layout.clone()
    };
    // Tiles that were left out are not in it, so that numbers count those that are.
    let mut told: Vec<Option<crate::mosaic::Tile>> = vec![None; tiles.placed.len()];
    let mut moved = vec![Vec::new(); tiles.placed.len()];
    for (mover, place) in movers.iter().zip(&solution.places) {
        for &t in &mover.tiles {
            let placed = &tiles.placed[t];
            let mut tile = layout.tiles.get(placed.index).cloned().unwrap_or_default();
            let at: Vec<f64> =
                (0..spacing.len()).map(|k| origin[k] + place[k] * spacing[k]).collect();
            let above = tile.position.as_ref().map_or(0, |p| p.len().saturating_sub(at.len()));
            let lead = tile.position.as_ref().map_or(&[][..], |p| &p[..above]);
            tile.position = Some([lead, &at[..]].concat());
            moved[t] = place.iter().zip(&placed.at).map(|(p, a)| p - a).collect();
            told[t] = Some(tile);
        }
    }
    out.tiles = told.into_iter().flatten().collect();
    let pairs: Vec<PairFound> = edges
        .iter()
        .zip(found)
        .enumerate()
        .map(|(e, (edge, finding))| {
            let strength = finding.strength();
            let state = match (finding.found(), solution.fates[e]) {
                (None, _) => "none",
                (Some(_), _) if strength < smoothing.limit => "weak",
                (_, Fate::Used) => "used",
                (_, Fate::Doubtful) => "doubtful",
                (_, Fate::LeftOut) => "contradicted",
            };
            PairFound {
                first: movers[edge.first].looked_at,
                second: movers[edge.second].looked_at,
                shift: finding
                    .found()
                    .map(|f| f.shift.iter().zip(&spacing).map(|(s, p)| s * p).collect()),
                score: finding.found().map_or(0.0, |f| f.score),
                strength,
                residual: finding.found().map(|_| solution.residuals[e]),
                state: state.into(),
                why: match finding {
                    Finding::Nothing(why) => Some(why.clone()),
                    Finding::Found(_) => None,
                },
            }
        })
        .collect();
    let name =
        |m: usize| out.tiles.get(movers[m].looked_at).map(|t| t.path.clone()).unwrap_or_default();
    let mut unregistered = Vec::new();
    for (m, group) in solution.groups.iter().enumerate() {
        let why = match group {
            Some(0) => continue,
            Some(k) => {
                let n = solution.groups.iter().filter(|g| *g == group).count();
                format!(
                    "it hangs together with {} more only (group {k}); the group lies where the stage says",
                    n - 1
                )
            }
            None => reason(m, movers, edges, &pairs, smoothing),
        };
        for &t in &movers[m].tiles {
            let path = out.tiles.get(t).map(|t| t.path.clone()).unwrap_or_default();
            unregistered.push(Unregistered { tile: t, path, why: why.clone() });
        }
    }
    let mut unconfirmed = Vec::new();
    for m in (0..movers.len()).filter(|&m| solution.groups[m] == Some(0) && solution.unconfirmed[m])
    {
        let why = unconfirmed_by(m, movers, edges, &pairs);
        for &t in &movers[m].tiles {
            let path = out.tiles.get(t).map(|t| t.path.clone()).unwrap_or_default();
            unconfirmed.push(Unregistered { tile: t, path, why: why.clone() });
        }
    }
    let mut warnings: Vec<String> = edges
        .iter()
        .zip(&pairs)
        .filter(|(_, p)| p.state == "doubtful")
        .map(|(e, _)| {
            format!(
                "{} and {}: the pair that holds one of them is contradicted by another; it is believed because it is nearer to what the stage means",
                name(e.first),
                name(e.second)
            )
        })
        .collect();
    warnings.extend(hanging(&unconfirmed, movers.len()));
    warnings.extend(shifted_lines(tiles, movers, solution));
    let n_used = pairs.iter().filter(|p| p.state == "used").count();
    if n_used == 0 && movers.len() > 1 {
        warnings.insert(0, "no pair of tiles agrees: all tiles lie where the stage says".into());
    }
    // Positions as told to positions as found: both in physical units.
    let n = spacing.len();
    let model = (0..n)
        .map(|a| {
            let row: Vec<f64> =
                (0..n).map(|b| solution.stage.matrix[a][b] * spacing[a] / spacing[b]).collect();
            let turned: f64 = row.iter().zip(&origin).map(|(m, o)| m * o).sum();
            let offset = origin[a] + solution.stage.offset[a] * spacing[a] - turned;
            [row, vec![offset]].concat()
        })
        .collect();
    let shape =
        |t: &crate::mosaic::tiles::Placed| tiles.spatial.iter().map(|&a| t.shape[a]).collect();
    Stitched {
        layout: out,
        pairs,
        unregistered,
        unconfirmed,
        model: None,
        models: Vec::new(),
        warnings,
        stage: StageFound { model, scatter: solution.stage.scatter.clone() },
        strength_limit: smoothing.limit,
        strength_by_chance: smoothing.by_chance,
        finding_sigma: smoothing.sigma,
        measuring_sigma: sigma,
        typical_residual: solution.typical,
        outlines: tiles.placed.iter().map(|t| (t.at.clone(), shape(t))).collect(),
        moved,
    }
}

/// Why a tile's place is not sure.
fn unconfirmed_by(m: usize, movers: &[Mover], edges: &[Edge], pairs: &[PairFound]) -> String {
    let own = |e: &Edge| e.first == m || e.second == m;
    let count =
        |state: &str| edges.iter().zip(pairs).filter(|(e, p)| own(e) && p.state == state).count();
    let (held, against) = (count("used") + count("doubtful"), count("contradicted"));
    let among = if movers.len() == 2 { "it and the other" } else { "it and most of the others" };
    match (held, against) {
        (1, 0) => "one pair holds it, and nothing confirms that".into(),
        (1, k) => format!("one pair holds it, and {k} contradict that"),
        (_, 0) => format!("somewhere between {among} one pair is the only hold"),
        (_, k) => format!(
            "too few pairs hold it for how far it lies from where the stage says, or for the {k} that contradict them"
        ),
    }
}

/// Tiles that hang on one pair, in one line.
fn hanging(unconfirmed: &[Unregistered], n: usize) -> Option<String> {
    const NAMED: usize = 6;
    // Where all do, as in a strip, there is nothing special about any.
    if unconfirmed.is_empty() || n < 3 {
        return None;
    }
    let names: Vec<&str> = unconfirmed.iter().take(NAMED).map(|u| u.path.as_str()).collect();
    let more = match unconfirmed.len().saturating_sub(NAMED) {
        0 => String::new(),
        k => format!(" and {k} more"),
    };
    Some(format!(
        "nothing confirms where these tiles lie, because single pairs hold them: {}{more}",
        names.join(", ")
    ))
}

/// Why nothing holds a tile.
fn reason(
    m: usize,
    movers: &[Mover],
    edges: &[Edge],
    pairs: &[PairFound],
    smoothing: Smoothing,
) -> String {
    let own: Vec<&PairFound> = edges
        .iter()
        .zip(pairs)
        .filter(|(e, _)| e.first == m || e.second == m)
        .map(|(_, p)| p)
        .collect();
    if movers.len() == 1 {
        return "it is the only tile".into();
    }
    let Some(best) = own.iter().max_by(|a, b| a.strength.total_cmp(&b.strength)) else {
        return "it overlaps no other tile where it is said to lie".into();
    };
    if let Some(why) = own.iter().find_map(|p| p.why.clone()).filter(|_| best.strength == 0.0) {
        return why;
    }
    if best.state == "contradicted" {
        return match own.iter().filter(|p| p.state == "contradicted").count() {
            1 => "its only pair is too far from what the stage means to be believed alone".into(),
            k => format!(
                "its {k} pairs contradict each other or the rest, and the stage does not tell which is right"
            ),
        };
    }
    format!(
        "none of its {} overlaps agrees: strength {:.1} at most, {:.1} is needed and {:.1} is chance",
        own.len(),
        best.strength,
        smoothing.limit,
        smoothing.by_chance
    )
}

/// Rows and columns of tiles that lie together, but elsewhere than the stage says.
fn shifted_lines(tiles: &Tiles, movers: &[Mover], solution: &Solution) -> Vec<String> {
    const SAMPLES: f64 = 4.0;
    let n = tiles.spatial.len();
    let at = |m: usize| &tiles.placed[movers[m].looked_at].at;
    // Grids that were imaged again are elsewhere as a whole.
    let first = movers.iter().map(|m| m.cycle).min().unwrap_or(0);
    let is_sure = |m: &usize| solution.groups[*m] == Some(0) && movers[*m].cycle == first;
    let sure: Vec<usize> = (0..movers.len()).filter(is_sure).collect();
    let left = |m: usize, a: usize| solution.places[m][a] - solution.stage.place(at(m))[a];
    let mut out = Vec::new();
    for (along, word) in [(n.wrapping_sub(2), "row"), (n.wrapping_sub(1), "column")] {
        if along >= n || n < 2 {
            continue;
        }
        let extent = tiles.placed.first().map_or(1, |t| t.shape[tiles.spatial[along]]) as f64;
        let mut order = sure.clone();
        order.sort_by(|a, b| at(*a)[along].total_cmp(&at(*b)[along]));
        let lines: Vec<&[usize]> =
            order.chunk_by(|a, b| at(*b)[along] - at(*a)[along] < extent * 0.2).collect();
        if lines.len() < 3 {
            continue;
        }
        for a in 0..n {
            let middles: Vec<f64> = lines
                .iter()
                .map(|l| median(&l.iter().map(|&m| left(m, a)).collect::<Vec<_>>()))
                .collect();
            let usual = median(&middles.iter().map(|m| m.abs()).collect::<Vec<_>>());
            for (line, &middle) in lines.iter().zip(&middles) {
                let within: Vec<f64> = line.iter().map(|&m| (left(m, a) - middle).abs()).collect();
                let together = 1.4826 * median(&within);
                if line.len() >= 3 && middle.abs() > SAMPLES.max(4.0 * usual).max(2.0 * together) {
                    let letter = ["z", "y", "x"][3 - n.min(3) + a];
                    out.push(format!(
                        "the {word} of {} tiles at {:.0} lies {middle:+.1} samples along {letter} from where the stage says: its position may have been recorded wrong",
                        line.len(),
                        at(line[0])[along]
                    ));
                }
            }
        }
    }
    out
}
