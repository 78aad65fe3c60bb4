//! Numbers as people read them.

/// A count with commas between thousands.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A measurement with four significant digits; whole numbers from a thousand on.
pub(super) fn number(x: f64) -> String {
    if x.is_nan() {
        return "–".to_string();
    }
    if x.is_infinite() {
        return if x > 0.0 { "∞" } else { "−∞" }.to_string();
    }
    let sign = if x < 0.0 { "−" } else { "" };
    let size = x.abs();
    let text = if size == 0.0 {
        "0".to_string()
    } else if !(1e-3..1e9).contains(&size) {
        power_of_ten(size)
    } else if size >= 999.95 {
        count(size.round() as u64)
    } else {
        // The exponent after rounding: 0.99999 is shown as 1.000.
        let rounded = format!("{size:.3e}");
        let power = rounded.split_once('e').and_then(|(_, p)| p.parse::<i32>().ok()).unwrap_or(0);
        format!("{size:.*}", (3 - power).clamp(1, 6) as usize)
    };
    format!("{sign}{text}")
}

/// A coordinate: as [`number`], without zeros at the end.
pub(super) fn place(x: f64) -> String {
    let text = number(x);
    match text.contains('.') && !text.contains('×') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

fn power_of_ten(size: f64) -> String {
    let text = format!("{size:.2e}");
    let Some((digits, power)) = text.split_once('e') else { return text };
    let raised: String = power
        .chars()
        .map(|c| match c.to_digit(10) {
            Some(d) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][d as usize],
            None => '⁻',
        })
        .collect();
    format!("{digits} × 10{raised}")
}

/// A number on an axis: only the digits that tell it from its neighbours, which are `step` away.
pub(super) fn tick(x: f64, step: f64) -> String {
    if x == 0.0 {
        return "0".to_string();
    }
    let size = x.abs();
    if !(1e-4..1e7).contains(&size) || size < 1e-2 && step < 1e-4 {
        // As many digits as tell it from its neighbours: what rounding left of 5e-6 has seventeen.
        let digits = (size.log10().floor() - step.log10().floor()).clamp(0.0, 8.0) as usize;
        return format!("{x:.digits$e}").replace('-', "−");
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 8.0) as usize;
    let whole =
        if decimals == 0 { count(size.round() as u64) } else { format!("{size:.decimals$}") };
    if x < 0.0 { format!("−{whole}") } else { whole }
}

/// A share of one as percent.
pub(super) fn percent(share: f64) -> String {
    if !share.is_finite() {
        "–".to_string()
    } else if share > 0.0 && share < 0.001 {
        "&lt; 0.1 %".to_string()
    } else {
        format!("{:.1} %", share * 100.0)
    }
}

/// Bytes in binary units.
pub(super) fn bytes(n: u64) -> String {
    let units = [("TiB", 1_u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, size)| n >= *size) {
        Some((unit, size)) => {
            let x = n as f64 / *size as f64;
            let decimals = if x >= 100.0 {
                0
            } else if x >= 10.0 {
                1
            } else {
                2
            };
            format!("{x:.decimals$} {unit}")
        }
        None => format!("{n} bytes"),
    }
}

/// Seconds as a duration.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 if seconds < 9.95 => format!("{seconds:.2} s"),
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// The sign of a unit that OME-Zarr spells out.
pub(super) fn unit_sign(unit: Option<&str>) -> String {
    match unit {
        None | Some("") => "samples",
        Some("micrometer" | "micron" | "um") => "µm",
        Some("nanometer") => "nm",
        Some("millimeter") => "mm",
        Some("centimeter") => "cm",
        Some("meter") => "m",
        Some("angstrom") => "Å",
        Some("pixel" | "pixels") => "px",
        Some(other) => other,
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_people_write_them() {
        assert_eq!(count(1_234_567), "1,234,567");
        let shown: Vec<String> =
            [0.0, 0.12345, 0.999_999, 1.23456, 123.456, 1234.56, -12.5, 1.5e12, 2e-7, f64::NAN]
                .into_iter()
                .map(number)
                .collect();
        let expected = [
            "0",
            "0.1235",
            "1.000",
            "1.235",
            "123.5",
            "1,235",
            "−12.50",
            "1.50 × 10¹²",
            "2.00 × 10⁻⁷",
            "–",
        ];
        assert_eq!(shown, expected);
        assert_eq!(
            [tick(0.25, 0.05), tick(1500.0, 500.0), tick(-2.0, 1.0)],
            ["0.25", "1,500", "−2"]
        );
        // Three steps of 5e-6 are 1.4999999999999999e-5 to the machine.
        assert_eq!(
            [tick(3.0 * 5e-6, 5e-6), tick(5e-6, 5e-6), tick(4.0 * 5e-5, 5e-5), tick(2e7, 1e7)],
            ["1.5e−5", "5e−6", "2.0e−4", "2e7"]
        );
        assert_eq!(
            [bytes(999), bytes(1 << 30), bytes(150 << 20)],
            ["999 bytes", "1.00 GiB", "150 MiB"]
        );
        assert_eq!(
            [duration(1.234), duration(75.0), duration(7260.0)],
            ["1.23 s", "1 min 15 s", "2 h 1 min"]
        );
    }
}
