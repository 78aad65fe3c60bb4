//! What tiles were found to be besides moved, as it is written down.

use super::edges::Mover;
use super::models::Bent;
use super::outcome::{Stitched, TileModel};
use crate::mosaic::solve::Model;
use crate::mosaic::tiles::Tiles;

/// Writes the tiles' matrices into the layout, and what they mean beside it.
pub(super) fn tell(
    out: &mut Stitched,
    tiles: &Tiles,
    movers: &[Mover],
    bent: &[Bent],
    asked: Model,
) {
    let spacing: Vec<f64> = tiles.spatial.iter().map(|&a| tiles.spec.spacing.values[a]).collect();
    let origin: Vec<f64> = tiles.spatial.iter().map(|&a| tiles.spec.origin[a]).collect();
    let n = spacing.len();
    let mut models: Vec<Option<TileModel>> = vec![None; out.layout.tiles.len()];
    for (mover, bent) in movers.iter().zip(bent) {
        for &t in &mover.tiles {
            let Some(tile) = out.layout.tiles.get_mut(t) else { continue };
            if let Some(rows) = &bent.forward {
                // Both sides in physical units.
                let row = |a: usize| -> Vec<f64> {
                    let turned = (0..n).map(|b| rows[a][b] * spacing[a] / spacing[b]);
                    turned.chain([origin[a] + rows[a][n] * spacing[a]]).collect()
                };
                tile.affine = Some((0..n).map(row).collect());
                tile.position = None;
            }
            if let Some(to) = models.get_mut(t) {
                *to = Some(described(t, tile.path.clone(), bent, asked));
            }
        }
    }
    out.model = Some(asked.name().into());
    out.models = models.into_iter().flatten().collect();
    let simpler = out.models.iter().filter(|m| m.why.is_some()).count();
    if simpler > 0 {
        out.warnings.push(format!(
            "{simpler} of {} tiles share too little with others for the model that was asked for: they are simpler, see their models",
            out.models.len()
        ));
    }
}

fn described(tile: usize, path: String, bent: &Bent, asked: Model) -> TileModel {
    let m = &bent.shape.matrix;
    let n = m.len();
    let column = |k: usize| -> Vec<f64> { m.iter().map(|row| row[k]).collect() };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scales: Vec<f64> = (0..n).map(|k| dot(&column(k), &column(k)).sqrt()).collect();
    let scale = scales.iter().product::<f64>().powf(1.0 / n.max(1) as f64);
    let mut shear = 0.0f64;
    let mut turned = 0.0;
    for a in 0..n {
        for b in a + 1..n {
            let between = dot(&column(a), &column(b)) / (scales[a] * scales[b]).max(1e-12);
            shear = shear.max(between.clamp(-1.0, 1.0).asin().abs());
            turned += ((m[b][a] - m[a][b]) / 2.0).powi(2);
        }
    }
    let rotation = match n {
        // Rows go down and columns to the right.
        2 => (m[0][1] - m[1][0]).atan2(m[0][0] + m[1][1]),
        _ => (turned.sqrt() / scale.max(1e-12)).clamp(0.0, 1.0).asin(),
    };
    let model = bent.shape.model;
    let why = (model < asked).then(|| match bent.n_matches {
        0 => format!("nothing that it shares with others tells how it is turned: {}", model.name()),
        k => format!(
            "the {k} places that it shares with others do not tell enough: {}",
            model.name()
        ),
    });
    TileModel {
        tile,
        path,
        model: model.name().into(),
        scale,
        scales,
        rotation_degrees: rotation.to_degrees(),
        shear_degrees: shear.to_degrees(),
        n_matches: bent.n_matches,
        why,
    }
}
