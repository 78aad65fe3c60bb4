//! Convex hulls of samples on a grid, in integers.

mod solid;

use solid::Solid;

type Point = [i32; 3];

/// Leaves out points that cannot be corners of the hull.
pub(super) fn prune(points: &mut Vec<Point>, ndim: usize) {
    points.sort_unstable();
    points.dedup();
    if ndim <= 2 {
        *points = flat(points, [1, 2]);
        return;
    }
    for axis in 0..3 {
        points.sort_unstable_by_key(|p| {
            let [a, b] = others(axis);
            (p[axis], p[a], p[b])
        });
        let kept: Vec<Point> = points
            .chunk_by(|p, q| p[axis] == q[axis])
            .flat_map(|slice| flat(slice, others(axis)))
            .collect();
        *points = kept;
    }
    points.sort_unstable();
}

fn others(axis: usize) -> [usize; 2] {
    [[1, 2], [0, 2], [0, 1]][axis]
}

/// The corners of the hull of points in a plane, which come sorted by the two axes, counter-clockwise; A. M. Andrew's chains.
fn flat(points: &[Point], [a, b]: [usize; 2]) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let turn = |o: &Point, p: &Point, q: &Point| {
        let d = |x: &Point, k: usize| i64::from(x[k]) - i64::from(o[k]);
        d(p, a) * d(q, b) - d(p, b) * d(q, a)
    };
    let mut hull: Vec<Point> = vec![];
    let mut half = |points: &mut dyn Iterator<Item = &Point>| {
        let begin = hull.len();
        for p in points {
            while hull.len() >= begin + 2
                && turn(&hull[hull.len() - 2], &hull[hull.len() - 1], p) <= 0
            {
                hull.pop();
            }
            hull.push(*p);
        }
        hull.pop();
    };
    half(&mut points.iter());
    half(&mut points.iter().rev());
    hull
}

/// Of the hull of the points half a sample around the given ones: how many samples lie in it or on it, and the corners (in half
/// samples) of the hull of the points half way to samples beside those.
pub(super) fn filled(ends: &[Point], ndim: usize) -> (u64, Vec<Point>) {
    let mut around: Vec<Point> = vec![];
    let mut ends = ends.to_vec();
    prune(&mut ends, ndim);
    for p in &ends {
        let p = p.map(|x| 2 * x);
        for axis in 3 - ndim.min(3)..3 {
            for step in [-1, 1] {
                let mut q = p;
                q[axis] += step;
                around.push(q);
            }
        }
    }
    prune(&mut around, ndim);
    let mut area = 0;
    let mut corners: Vec<Point> = vec![];
    let mut add = |p: [i32; 2], first: i32, last: i32| {
        area += (last - first) as u64 / 2 + 1;
        for x in [first, last] {
            for axis in 3 - ndim.min(3)..3 {
                for step in [-1, 1] {
                    let mut q = [p[0], p[1], x];
                    q[axis] += step;
                    corners.push(q);
                }
            }
        }
    };
    match ndim {
        1 => {
            let (first, last) = (ends[0][2], ends[ends.len() - 1][2]);
            add([0, 0], 2 * first, 2 * last);
        }
        2 => {
            for y in even(around.iter().map(|p| p[1])) {
                if let Some((first, last)) = crossing(&around, y) {
                    add([0, y], first, last);
                }
            }
        }
        _ => {
            let solid = Solid::of(&around);
            for z in even(around.iter().map(|p| p[0])) {
                for y in even(around.iter().map(|p| p[1])) {
                    if let Some((first, last)) = solid.row(z, y) {
                        add([z, y], first, last);
                    }
                }
            }
        }
    }
    prune(&mut corners, ndim);
    (area, corners)
}

/// The even numbers between the extremes of some.
fn even(values: impl Iterator<Item = i32> + Clone) -> impl Iterator<Item = i32> {
    let low = values.clone().min().unwrap_or(0);
    let high = values.max().unwrap_or(-1);
    (low + low.rem_euclid(2)..=high).step_by(2)
}

/// The first and the last even x at this y inside a convex polygon or on it.
fn crossing(polygon: &[Point], y: i32) -> Option<(i32, i32)> {
    let mut first: Option<i64> = None;
    let mut last: Option<i64> = None;
    for (i, p) in polygon.iter().enumerate() {
        let q = &polygon[(i + 1) % polygon.len()];
        let (low, high) = if p[1] <= q[1] { (p, q) } else { (q, p) };
        if y < low[1] || y > high[1] {
            continue;
        }
        let rise = i64::from(high[1]) - i64::from(low[1]);
        for end in [low, high].into_iter().filter(|_| rise == 0) {
            let x = i64::from(end[2]);
            first = Some(first.map_or(ceil_even(x, 1), |f| f.min(ceil_even(x, 1))));
            last = Some(last.map_or(floor_even(x, 1), |l| l.max(floor_even(x, 1))));
        }
        if rise > 0 {
            let x = i64::from(low[2]) * rise
                + (i64::from(high[2]) - i64::from(low[2])) * (i64::from(y) - i64::from(low[1]));
            let (c, f) = (ceil_even(x, rise), floor_even(x, rise));
            first = Some(first.map_or(c, |v| v.min(c)));
            last = Some(last.map_or(f, |v| v.max(f)));
        }
    }
    let (first, last) = (first?, last?);
    (first <= last).then_some((first as i32, last as i32))
}

/// The smallest even integer of at least `x / by`.
fn ceil_even(x: i64, by: i64) -> i64 {
    -2 * (-x).div_euclid(2 * by)
}

/// The largest even integer of at most `x / by`.
fn floor_even(x: i64, by: i64) -> i64 {
    2 * x.div_euclid(2 * by)
}
