//! `index`: numpy's basic indexing along all axes at once, and what is written with it: `flip`, `squeeze`, `expand_dims`.

use super::view::{Along, Named, OutAxis, View, axis_of, derived};
use crate::Params;
use petavox_core::{Axes, Error, ImageSpec, Result};
use petavox_engine::{Kind, Node};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// What is kept of one axis, in the order of the axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    /// One position; the axis is taken out.
    At(usize),
    /// `count` samples, the first at `start`, each `step` after the one before; `step` is not 0.
    Slice {
        /// Position of the first sample.
        start: usize,
        /// Positions from one sample to the next; negative goes backwards.
        step: i64,
        /// Number of samples.
        count: usize,
    },
    /// A new axis of one sample, under this letter or one that is free.
    New(Option<char>),
}

impl Item {
    /// A whole axis of `n` samples.
    pub fn whole(n: usize) -> Item {
        Item::Slice { start: 0, step: 1, count: n }
    }

    /// An axis of `n` samples backwards.
    pub fn reversed(n: usize) -> Item {
        Item::Slice { start: n.saturating_sub(1), step: -1, count: n }
    }
}

/// numpy's basic indexing, `image[items]`. `items` has one for each axis, in order, and one for each new axis; axes at the end that have
/// none are kept whole. An item is
/// - `{"start": 9, "step": -2, "count": 5}`: five samples, backwards from position 9; `step` is 1 and `start` 0 by default. With
///   `"stop"` instead of `"count"` (or neither) it is Python's slice: negative numbers count from the end, what lies
///   outside is left out. As text: `start..stop/step`, each of which may be missing: `..`, `10..20`, `../-1`;
/// - `{"at": 3}`, or `3`: that position, the axis taken out; from the end if negative;
/// - `{"new": true}`, or the word `new`: a new axis of one sample, under a letter that is free (`{"new": "c"}` chooses it);
/// - the word `...`: as many whole axes as are missing.
///
/// The result's spacing is the step's size times the image's, and its origin is where its first sample lies; backwards too, since spacing is
/// never negative. Only what is kept is read. An index of an index is one index.
///
/// # Errors
/// [`Error::InvalidArgument`] for a position outside the image, a step of 0, more items than axes, or none of the above.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let given = match params.parsed::<Json>("items")? {
        None => vec![],
        Some(Json::Array(items)) => items,
        Some(one) => vec![one],
    };
    index(input, &parse(input.spec(), &given)?)
}

/// `flip`: the image backwards along `axis`, a letter or number or several of them; along all by default (numpy.flip).
///
/// # Errors
/// [`Error::InvalidArgument`] if there is no such axis.
pub fn build_flip(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let axes = axes(params, spec)?.unwrap_or_else(|| (0..spec.ndim()).collect());
    let item = |(a, &n): (usize, &usize)| match axes.contains(&a) {
        true => Item::reversed(n),
        false => Item::whole(n),
    };
    index(input, &spec.shape.iter().enumerate().map(item).collect::<Vec<_>>())
}

/// `squeeze`: the image without the axes of one sample, or without those of them that `axis` names (numpy.squeeze).
///
/// # Errors
/// [`Error::InvalidArgument`] if there is no such axis, or it has more samples than one.
pub fn build_squeeze(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let single = |a: &usize| spec.shape[*a] == 1;
    let axes = axes(params, spec)?;
    if let Some(a) = axes.iter().flatten().find(|a| !single(a)) {
        let given = format!("{a}, which has {} samples", spec.shape[*a]);
        return Err(Error::argument("squeeze: axis", given, "axes of one sample"));
    }
    let axes = axes.unwrap_or_else(|| (0..spec.ndim()).filter(single).collect());
    let item = |(a, &n): (usize, &usize)| match axes.contains(&a) {
        true => Item::At(0),
        false => Item::whole(n),
    };
    index(input, &spec.shape.iter().enumerate().map(item).collect::<Vec<_>>())
}

/// `expand_dims`: the image with new axes of one sample, at the positions `axis` among the axes of the result (numpy.expand_dims).
///
/// # Errors
/// [`Error::InvalidArgument`] if a position is missing, repeated, or not one of the result's.
pub fn build_expand_dims(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let given: Vec<i64> = match params.parsed::<Json>("axis")? {
        Some(Json::Array(all)) => all.iter().filter_map(Json::as_i64).collect(),
        Some(one) => one.as_i64().into_iter().collect(),
        None => vec![],
    };
    let n = (input.spec().ndim() + given.len()) as i64;
    let mut places: Vec<i64> = given.iter().map(|a| if *a < 0 { a + n } else { *a }).collect();
    places.sort_unstable();
    places.dedup();
    if given.is_empty() || places.len() < given.len() || !places.iter().all(|a| (0..n).contains(a))
    {
        let expected = format!("different numbers, -{n} to {}", n - 1);
        return Err(Error::argument("expand_dims: axis", format!("{given:?}"), expected));
    }
    let mut items: Vec<Item> = input.spec().shape.iter().map(|&n| Item::whole(n)).collect();
    places.iter().for_each(|&p| items.insert(p as usize, Item::New(None)));
    index(input, &items)
}

fn axes(params: &mut Params, spec: &ImageSpec) -> Result<Option<Vec<usize>>> {
    let given = match params.parsed::<Json>("axis")? {
        None => return Ok(None),
        Some(Json::Array(all)) => all,
        Some(one) => vec![one],
    };
    given.iter().map(|a| axis_of(params.op(), spec, a)).collect::<Result<_>>().map(Some)
}

/// [`build`] for callers that have the values: an item for every axis of the image.
///
/// # Errors
/// [`Error::InvalidArgument`] if there are more or fewer, or one leaves the image.
pub fn index(input: &Arc<Node>, items: &[Item]) -> Result<Arc<Node>> {
    check(input.spec(), items)?;
    if let Kind::Block(op) = input.kind()
        && op.name() == "index"
        && let Some(inner) = input.inputs().first()
    {
        let given = op.params();
        let before = parse(inner.spec(), given["items"].as_array().map_or(&[], Vec::as_slice))?;
        let letters = input.spec().axes.as_str();
        if let Some(both) = composed(&before, items, letters) {
            return index(inner, &both);
        }
    }
    let spec = input.spec();
    let whole = spec.shape.iter().map(|&n| Item::whole(n));
    if items.iter().copied().eq(whole) {
        return Ok(input.clone());
    }
    let (mut named, mut axes, mut held) = (vec![], vec![], vec![0; spec.ndim()]);
    let mut from = 0;
    for item in items {
        match *item {
            Item::At(at) => held[from] = at,
            Item::New(letter) => {
                named.push((Named::New(letter), 1));
                axes.push(OutAxis { from: None, along: Along::Line { start: 0, step: 0 } });
            }
            Item::Slice { start, step, count } => {
                let times = step.unsigned_abs() as f64;
                named.push((Named::Axis { from, origin: start as f64, times }, count));
                let along = Along::Line { start: start as i64, step };
                axes.push(OutAxis { from: Some(from), along });
            }
        }
        from += usize::from(!matches!(item, Item::New(_)));
    }
    let params = json!({ "items": items.iter().map(written).collect::<Vec<_>>() });
    let input_shape = spec.shape.clone();
    let spec = derived("index", spec, &named)?;
    View { name: "index", params, spec, input: input_shape, axes, held }.of(input)
}

fn written(item: &Item) -> Json {
    match item {
        Item::At(at) => json!({ "at": at }),
        Item::Slice { start, step, count } => {
            json!({ "start": start, "step": step, "count": count })
        }
        Item::New(Some(letter)) => json!({ "new": letter.to_string() }),
        Item::New(None) => json!({ "new": true }),
    }
}

fn check(spec: &ImageSpec, items: &[Item]) -> Result<()> {
    let of_axes: Vec<&Item> = items.iter().filter(|i| !matches!(i, Item::New(_))).collect();
    if of_axes.len() != spec.ndim() {
        let expected = format!("one for each of the {} axes {}", spec.ndim(), spec.axes);
        return Err(Error::argument("index: items", format!("{} items", of_axes.len()), expected));
    }
    for (item, &n) in of_axes.into_iter().zip(&spec.shape) {
        let inside = match *item {
            Item::At(at) => at < n,
            Item::Slice { step: 0, .. } => false,
            Item::Slice { count: 0, .. } | Item::New(_) => true,
            Item::Slice { start, step, count } => {
                let last = start as i128 + i128::from(step) * (count as i128 - 1);
                start < n && (0..n as i128).contains(&last)
            }
        };
        if !inside {
            let expected = format!("positions 0 to {} and a step other than 0", n as i64 - 1);
            return Err(Error::argument("index: items", written(item), expected));
        }
    }
    Ok(())
}

/// One index for two; `letters` are those of the axes between them. `None` where a new axis is cut to nothing.
fn composed(inner: &[Item], outer: &[Item], letters: &str) -> Option<Vec<Item>> {
    let mut letters = letters.chars();
    let mut outer = outer.iter();
    let mut both = Vec::new();
    for &item in inner {
        if let Item::At(_) = item {
            both.push(item);
            continue;
        }
        let letter = letters.next();
        let next = loop {
            match outer.next()? {
                new @ Item::New(_) => both.push(*new),
                next => break *next,
            }
        };
        match (item, next) {
            (Item::Slice { start, step, .. }, Item::Slice { start: o, step: s, count }) => {
                let start = (start as i64 + step * o as i64).max(0) as usize;
                both.push(Item::Slice { start, step: step.checked_mul(s)?, count });
            }
            (Item::Slice { start, step, .. }, Item::At(at)) => {
                both.push(Item::At((start as i64 + step * at as i64) as usize));
            }
            (Item::New(_), Item::Slice { count: 1, .. }) => both.push(Item::New(letter)),
            (Item::New(_), Item::At(_)) => {}
            _ => return None,
        }
    }
    both.extend(outer);
    Some(both)
}

/// Items as they are given, for every axis of an image.
fn parse(spec: &ImageSpec, given: &[Json]) -> Result<Vec<Item>> {
    let takes_axis = |item: &Json| {
        let word = item.as_str();
        word != Some("...") && word != Some("new") && item.get("new").is_none()
    };
    let n_given = given.iter().filter(|i| takes_axis(i)).count();
    let n_dots = given.iter().filter(|i| i.as_str() == Some("...")).count();
    if n_given > spec.ndim() || n_dots > 1 {
        let expected = format!("at most one for each of the axes {}, and one '...'", spec.axes);
        return Err(Error::argument("index: items", format!("{n_given} items"), expected));
    }
    let mut items = Vec::new();
    let mut axis = 0;
    for item in given {
        if item.as_str() == Some("...") {
            for _ in n_given..spec.ndim() {
                items.push(Item::whole(spec.shape[axis]));
                axis += 1;
            }
        } else if takes_axis(item) {
            items.push(parse_item(item, spec.shape[axis])?);
            axis += 1;
        } else {
            items.push(Item::New(parse_letter(item)?));
        }
    }
    items.extend(spec.shape[axis..].iter().map(|&n| Item::whole(n)));
    Ok(items)
}

fn parse_letter(item: &Json) -> Result<Option<char>> {
    match item.get("new") {
        None | Some(Json::Bool(true) | Json::Null) => Ok(None),
        Some(Json::String(s)) if s.chars().count() == 1 && Axes::parse(s).is_ok() => {
            Ok(s.chars().next())
        }
        Some(other) => {
            let expected = "true, or the new axis' lower-case letter";
            Err(Error::argument("index: new", other, expected))
        }
    }
}

fn parse_item(item: &Json, n: usize) -> Result<Item> {
    let wrong = |expected: &str| Error::argument("index: items", item, expected);
    let (from, to) = (-(n as i64), n as i64 - 1);
    if let Some(at) = item.get("at").unwrap_or(item).as_i64() {
        let from_start = if at < 0 { at + n as i64 } else { at };
        return usize::try_from(from_start).ok().filter(|p| *p < n).map(Item::At).ok_or_else(
            || wrong(&format!("a position, {from} to {to}: the axis has {n} samples")),
        );
    }
    let form = "a position, 'start..stop/step', {\"start\", \"step\", \"count\" or \"stop\"}, 'new' or '...'";
    let number = |v: Option<&Json>| match v {
        None | Some(Json::Null) => Ok(None),
        Some(v) => v.as_i64().map(Some).ok_or_else(|| wrong(form)),
    };
    let (start, stop, step, count) = match item {
        Json::String(text) => {
            let (range, step) = text.split_once('/').unwrap_or((text, ""));
            let (start, stop) = range.split_once("..").ok_or_else(|| wrong(form))?;
            let part = |s: &str| match s.trim() {
                "" => Ok(None),
                s => s.parse::<i64>().map(Some).map_err(|_| wrong(form)),
            };
            (part(start)?, part(stop)?, part(step)?, None)
        }
        Json::Object(o) => {
            if o.keys().any(|k| !["start", "stop", "step", "count"].contains(&k.as_str())) {
                return Err(wrong(form));
            }
            (
                number(o.get("start"))?,
                number(o.get("stop"))?,
                number(o.get("step"))?,
                number(o.get("count"))?,
            )
        }
        _ => return Err(wrong(form)),
    };
    let step = step.unwrap_or(1);
    if step == 0 || step == i64::MIN {
        return Err(wrong("a step other than 0"));
    }
    if let Some(count) = count {
        // The rest is checked with all items.
        let start =
            usize::try_from(start.unwrap_or(0)).map_err(|_| wrong("a start of 0 or more"))?;
        let count = usize::try_from(count).map_err(|_| wrong("a count of 0 or more"))?;
        return Ok(Item::Slice { start, step, count });
    }
    Ok(sliced(start, stop, step, n as i64))
}

/// What Python's `slice(start, stop, step).indices(n)` keeps.
fn sliced(start: Option<i64>, stop: Option<i64>, step: i64, n: i64) -> Item {
    let (least, most) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let place = |p: i64| if p < 0 { p.saturating_add(n) } else { p }.clamp(least, most);
    let start = start.map_or(if step > 0 { least } else { most }, place);
    let stop = stop.map_or(if step > 0 { most } else { least }, place);
    let reach = if step > 0 { stop - start } else { start - stop };
    let count = if reach > 0 { (reach - 1) / step.abs() + 1 } else { 0 };
    Item::Slice { start: start.max(0) as usize, step, count: count as usize }
}

#[cfg(test)]
mod tests;
