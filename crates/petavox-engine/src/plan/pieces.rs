//! What is asked of one line for one block, as few pieces: regions that lie close together are made as one, distant ones apart.

use petavox_core::{Region, Source};

/// More pieces than this are joined with their neighbours: finding which belong together takes the square of their number.
const MOST: usize = 512;

/// The pieces that hold all `wanted` regions, none of them empty. Regions that overlap are one piece, and so are those whose hull is
/// hardly more than they are. `source` is what they are read from: those that share a chunk of it are read together, since the
/// chunk is decoded whole anyway.
pub(super) fn joined(wanted: Vec<Region>, source: Option<&dyn Source>) -> Vec<Region> {
    if wanted.len() < 2 {
        return wanted;
    }
    let together = |a: &Region, b: &Region| {
        let hull = a.hull(b);
        let hardly_more = hull.len() <= (a.len() + b.len()).saturating_mul(5) / 4;
        hardly_more || a.intersect(b).is_some() || source.is_some_and(|s| share_chunk(s, a, b))
    };
    let mut pieces: Vec<Region> = Vec::new();
    for mut region in wanted {
        // What a region grows by may bring others near.
        while let Some(i) = pieces.iter().rposition(|p| together(p, &region)) {
            region = pieces.swap_remove(i).hull(&region);
        }
        pieces.push(region);
        if pieces.len() > MOST {
            pieces.sort();
            let pairs = pieces.chunks(2);
            pieces = pairs.map(|p| p.iter().skip(1).fold(p[0].clone(), |h, r| h.hull(r))).collect();
        }
    }
    pieces
}

fn share_chunk(source: &dyn Source, a: &Region, b: &Region) -> bool {
    if source.reads_below_chunk() {
        return false;
    }
    source.grid().chunk().iter().enumerate().all(|(k, chunk)| {
        let span = |r: &Region| (r.start()[k] as usize / chunk, (r.end(k) as usize - 1) / chunk);
        let ((a, b), (c, d)) = (span(a), span(b));
        a <= d && c <= b
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(start: i64, len: usize) -> Region {
        Region::new([start, 0], [len, 10])
    }

    #[test]
    fn distant_regions_stay_apart_and_close_ones_are_one() {
        assert_eq!(joined(vec![line(0, 4), line(90, 4)], None), [line(0, 4), line(90, 4)]);
        assert_eq!(joined(vec![line(0, 4), line(4, 4)], None), [line(0, 8)]);
        assert_eq!(joined(vec![line(0, 4), line(2, 9)], None), [line(0, 11)]);
        // The third bridges the first two.
        assert_eq!(joined(vec![line(0, 4), line(20, 4), line(3, 18)], None), [line(0, 24)]);
    }

    #[test]
    fn many_pieces_hold_all_that_is_wanted() {
        let wanted: Vec<Region> = (0..1000).map(|i| line(i * 50 % 7919, 2)).collect();
        let pieces = joined(wanted.clone(), None);
        assert!(pieces.len() <= MOST);
        assert!(wanted.iter().all(|w| pieces.iter().any(|p| p.contains(w))));
    }
}
