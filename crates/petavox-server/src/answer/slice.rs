//! numpy's basic slices as text: `0,10:20,::2`.

use petavox::{Error, Image, Result};
use serde_json::Value as Json;

/// The image that a slice picks.
///
/// # Errors
/// [`Error::InvalidArgument`] for what is no slice, or not one of this image.
pub(super) fn sliced(image: &Image, text: &str) -> Result<Image> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    if text.is_empty() {
        return Ok(image.clone());
    }
    let items = text.split(',').map(|part| item(part.trim())).collect::<Result<Vec<Json>>>()?;
    let params = serde_json::Map::from_iter([("items".to_owned(), Json::Array(items))]);
    Image::combine(std::slice::from_ref(image), "index", params)
}

fn item(part: &str) -> Result<Json> {
    let wrong = || {
        let expected = "integers, slices such as 10:20 or ::2, '...' or 'None', by comma";
        Error::argument("slice", part, expected)
    };
    let number = |n: &str| match n.trim() {
        "" => Ok(None),
        n => n.parse::<i64>().map(Some).map_err(|_| wrong()),
    };
    match part {
        "..." => return Ok("...".into()),
        "None" | "newaxis" => return Ok("new".into()),
        _ => {}
    }
    if !part.contains(':') {
        return Ok(number(part)?.ok_or_else(wrong)?.into());
    }
    let fields: Vec<&str> = part.split(':').collect();
    if fields.len() > 3 {
        return Err(wrong());
    }
    let mut item = serde_json::Map::new();
    for (name, field) in ["start", "stop", "step"].into_iter().zip(fields) {
        if let Some(n) = number(field)? {
            item.insert(name.to_owned(), n.into());
        }
    }
    Ok(Json::Object(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox::RunOptions;

    fn pick(text: &str) -> Result<Vec<u8>> {
        let image = Image::from_vec(&[3, 4], (0..12u8).collect())?;
        Ok(sliced(&image, text)?.compute(&RunOptions::default())?.typed::<u8>()?.to_vec())
    }

    #[test]
    fn slices_are_numpys() {
        assert_eq!(pick("").unwrap().len(), 12);
        assert_eq!(pick("1").unwrap(), [4, 5, 6, 7]);
        assert_eq!(pick("-1,::2").unwrap(), [8, 10]);
        assert_eq!(pick("...,1").unwrap(), [1, 5, 9]);
        assert_eq!(pick("::-1, 0").unwrap(), [8, 4, 0]);
        assert_eq!(pick("[1:9,2:]").unwrap(), [6, 7, 10, 11]);
        assert_eq!(pick("None,2,3").unwrap(), [11]);
    }

    #[test]
    fn what_is_no_slice_is_told() {
        for bad in ["a", "1:2:3:4", "1,,2", "5", "0,0,0", "::0", "1;2", "1:x"] {
            assert!(pick(bad).is_err(), "{bad}");
        }
    }
}
