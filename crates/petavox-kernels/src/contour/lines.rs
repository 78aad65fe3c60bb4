//! Pieces joined to lines, in the order in which a walk through the image meets them, so that where closed lines begin and in which order
//! lines come does not depend on anything else.

use super::Segment;
use std::collections::{HashMap, VecDeque};

/// Rows and columns, one point after another.
pub type Line = Vec<(f64, f64)>;

type Key = (u64, u64);

fn key(point: (f64, f64)) -> Key {
    // 0 and -0 are one place.
    ((point.0 + 0.0).to_bits(), (point.1 + 0.0).to_bits())
}

/// Lines that grow, and who begins and ends where.
#[derive(Default)]
struct Growing {
    lines: Vec<Option<VecDeque<(f64, f64)>>>,
    starts: HashMap<Key, usize>,
    ends: HashMap<Key, usize>,
}

impl Growing {
    fn line(&mut self, number: usize) -> VecDeque<(f64, f64)> {
        self.lines[number].take().unwrap_or_default()
    }

    /// Puts a line back under its number, and notes where it begins and ends.
    fn put(&mut self, number: usize, line: VecDeque<(f64, f64)>) {
        if let (Some(first), Some(last)) = (line.front(), line.back()) {
            self.starts.insert(key(*first), number);
            self.ends.insert(key(*last), number);
        }
        self.lines[number] = Some(line);
    }

    fn add(&mut self, segment: &Segment) {
        let (from, to) = (segment.from, segment.to);
        let (tail, head) = (self.starts.remove(&key(to)), self.ends.remove(&key(from)));
        match (tail, head) {
            (Some(tail), Some(head)) if tail == head => {
                // It closes.
                if let Some(line) = &mut self.lines[head] {
                    line.push_back(to);
                }
            }
            (Some(tail), Some(head)) if tail > head => {
                let (mut line, rest) = (self.line(head), self.line(tail));
                line.extend(rest);
                self.put(head, line);
            }
            (Some(tail), Some(head)) => {
                let (line, rest) = (self.line(head), self.line(tail));
                if let Some(first) = line.front() {
                    self.starts.remove(&key(*first));
                }
                let mut line = line;
                line.extend(rest);
                self.put(tail, line);
            }
            (None, None) => {
                self.lines.push(None);
                self.put(self.lines.len() - 1, VecDeque::from([from, to]));
            }
            (Some(tail), None) => {
                if let Some(line) = &mut self.lines[tail] {
                    line.push_front(from);
                }
                self.starts.insert(key(from), tail);
            }
            (None, Some(head)) => {
                if let Some(line) = &mut self.lines[head] {
                    line.push_back(to);
                }
                self.ends.insert(key(to), head);
            }
        }
    }
}

/// Joins pieces that are sorted by their order.
pub fn assemble(segments: &[Segment]) -> Vec<Line> {
    let mut growing = Growing::default();
    // Pieces without a length are where a sample has the level itself.
    for segment in segments.iter().filter(|s| key(s.from) != key(s.to)) {
        growing.add(segment);
    }
    growing.lines.into_iter().flatten().map(Line::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contour::{CHANNELS, Connect, segments, squares};
    use petavox_core::{Block, Dtype, Region};

    fn contours(image: &[f64], shape: [usize; 2], level: f64, connect: Connect) -> Vec<Line> {
        let input = Block::from_vec(Region::whole(&shape), image.to_vec()).unwrap();
        let region = Region::whole(&[shape[0] - 1, shape[1] - 1, CHANNELS]);
        let mut out = Block::zeros(region, Dtype::Float64).unwrap();
        squares(&input, None, &mut out, level).unwrap();
        assemble(&segments(&out, shape[1] - 1, connect).unwrap())
    }

    #[test]
    fn a_bright_sample_has_a_closed_line_around_it() {
        let image = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let lines = contours(&image, [3, 3], 0.5, Connect::Low);
        assert_eq!(lines, [vec![(1.5, 1.0), (1.0, 0.5), (0.5, 1.0), (1.0, 1.5), (1.5, 1.0)]]);
    }

    #[test]
    fn corners_on_a_diagonal_are_joined_or_not() {
        let image = [1.0, 0.0, 0.0, 1.0];
        let low = contours(&image, [2, 2], 0.5, Connect::Low);
        assert_eq!(low, [vec![(0.0, 0.5), (0.5, 0.0)], vec![(1.0, 0.5), (0.5, 1.0)]]);
        let high = contours(&image, [2, 2], 0.5, Connect::High);
        assert_eq!(high, [vec![(0.0, 0.5), (0.5, 1.0)], vec![(1.0, 0.5), (0.5, 0.0)]]);
    }

    #[test]
    fn what_is_not_a_number_is_left_out() {
        let image = [0.0, f64::NAN, 0.0, 1.0];
        assert!(contours(&image, [2, 2], 0.5, Connect::Low).is_empty());
    }
}
