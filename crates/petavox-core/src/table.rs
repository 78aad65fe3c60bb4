//! A table: named columns of equal length.

use crate::{Error, Result};

/// The values of one column.
///
/// Two columns are equal when their types and values are; a NaN equals a NaN, so that tables can be compared whole.
#[derive(Clone, Debug)]
pub enum Column {
    /// Whole numbers: ids, counts, coordinates.
    Int(Vec<i64>),
    /// Measurements; NaN where there is no value.
    Float(Vec<f64>),
    /// Yes or no.
    Bool(Vec<bool>),
    /// Words.
    Text(Vec<String>),
}

impl Column {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Column::Int(v) => v.len(),
            Column::Float(v) => v.len(),
            Column::Bool(v) => v.len(),
            Column::Text(v) => v.len(),
        }
    }

    /// True if there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the column holds: `int`, `float`, `bool` or `text`.
    pub fn kind(&self) -> &'static str {
        match self {
            Column::Int(_) => "int",
            Column::Float(_) => "float",
            Column::Bool(_) => "bool",
            Column::Text(_) => "text",
        }
    }

    /// The values, if they are whole numbers.
    pub fn as_int(&self) -> Option<&[i64]> {
        if let Column::Int(v) = self { Some(v) } else { None }
    }

    /// The values, if they are measurements.
    pub fn as_float(&self) -> Option<&[f64]> {
        if let Column::Float(v) = self { Some(v) } else { None }
    }

    /// The values, if they are yes or no.
    pub fn as_bool(&self) -> Option<&[bool]> {
        if let Column::Bool(v) = self { Some(v) } else { None }
    }

    /// The values, if they are words.
    pub fn as_text(&self) -> Option<&[String]> {
        if let Column::Text(v) = self { Some(v) } else { None }
    }

    /// The values as numbers (whole numbers are converted, yes is 1), or none for words.
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        match self {
            Column::Int(v) => Some(v.iter().map(|&x| x as f64).collect()),
            Column::Float(v) => Some(v.clone()),
            Column::Bool(v) => Some(v.iter().map(|&x| f64::from(u8::from(x))).collect()),
            Column::Text(_) => None,
        }
    }

    /// The values at `rows`, in that order. All rows must exist.
    fn take(&self, rows: &[usize]) -> Column {
        match self {
            Column::Int(v) => Column::Int(rows.iter().map(|&r| v[r]).collect()),
            Column::Float(v) => Column::Float(rows.iter().map(|&r| v[r]).collect()),
            Column::Bool(v) => Column::Bool(rows.iter().map(|&r| v[r]).collect()),
            Column::Text(v) => Column::Text(rows.iter().map(|&r| v[r].clone()).collect()),
        }
    }
}

impl PartialEq for Column {
    fn eq(&self, other: &Column) -> bool {
        match (self, other) {
            (Column::Int(a), Column::Int(b)) => a == b,
            (Column::Float(a), Column::Float(b)) => {
                let same = |(x, y): (&f64, &f64)| x == y || (x.is_nan() && y.is_nan());
                a.len() == b.len() && a.iter().zip(b).all(same)
            }
            (Column::Bool(a), Column::Bool(b)) => a == b,
            (Column::Text(a), Column::Text(b)) => a == b,
            _ => false,
        }
    }
}

/// Named columns of equal length, in an order that is kept. Names are distinct.
///
/// ```
/// use petavox_core::{Column, Table};
/// let table = Table::new(vec![
///     ("label".into(), Column::Int(vec![1, 2])),
///     ("area".into(), Column::Float(vec![12.0, 3.5])),
/// ])?;
/// assert_eq!(table.n_rows(), 2);
/// assert_eq!(table.column("area").unwrap().as_float(), Some(&[12.0, 3.5][..]));
/// assert_eq!(table.select(&[1])?.column("label"), Some(&Column::Int(vec![2])));
/// # Ok::<(), petavox_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<(String, Column)>,
}

impl Table {
    /// A table of these columns.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the columns differ in length or two have the same name.
    pub fn new(columns: Vec<(String, Column)>) -> Result<Table> {
        let mut table = Table::default();
        for (name, column) in columns {
            table.push(name, column)?;
        }
        Ok(table)
    }

    /// Adds a column at the end.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if its length is not the table's or its name is taken; the table is then unchanged.
    pub fn push(&mut self, name: impl Into<String>, column: Column) -> Result<()> {
        let name = name.into();
        if self.column(&name).is_some() {
            return Err(Error::argument("columns", format!("{name} twice"), "distinct names"));
        }
        if !self.columns.is_empty() && column.len() != self.n_rows() {
            return Err(Error::argument(
                format!("column {name}"),
                format!("{} values", column.len()),
                format!("{}, as in the columns before it", self.n_rows()),
            ));
        }
        self.columns.push((name, column));
        Ok(())
    }

    /// Number of rows; 0 if there are no columns.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, c)| c.len())
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// All columns with their names, in order.
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(n, _)| n.as_str())
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, c)| c)
    }

    /// The column of this name, which the caller needs.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the columns there are.
    pub fn require(&self, name: &str) -> Result<&Column> {
        self.column(name).ok_or_else(|| {
            let names: Vec<&str> = self.names().collect();
            Error::argument("column", name, format!("one of {}", names.join(", ")))
        })
    }

    /// The rows at these positions, in this order; a row may come more than once.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if a row does not exist.
    pub fn select(&self, rows: &[usize]) -> Result<Table> {
        let n = self.n_rows();
        if let Some(row) = rows.iter().find(|&&r| r >= n) {
            return Err(Error::argument("rows", row, format!("row numbers below {n}")));
        }
        let take = |(name, column): &(String, Column)| (name.clone(), column.take(rows));
        Ok(Table { columns: self.columns.iter().map(take).collect() })
    }

    /// The rows for which `keep` (called with the row's number) is true.
    pub fn filter(&self, mut keep: impl FnMut(usize) -> bool) -> Table {
        let rows: Vec<usize> = (0..self.n_rows()).filter(|&r| keep(r)).collect();
        let take = |(name, column): &(String, Column)| (name.clone(), column.take(&rows));
        Table { columns: self.columns.iter().map(take).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Table {
        Table::new(vec![
            ("id".into(), Column::Int(vec![3, 1, 2])),
            ("length".into(), Column::Float(vec![0.5, f64::NAN, 2.0])),
            ("main".into(), Column::Bool(vec![true, false, true])),
            ("name".into(), Column::Text(vec!["c".into(), "a".into(), "b".into()])),
        ])
        .unwrap()
    }

    #[test]
    fn unequal_lengths_and_repeated_names_are_refused() {
        let mut t = small();
        assert!(t.push("short", Column::Int(vec![1])).is_err());
        assert!(t.push("id", Column::Int(vec![1, 2, 3])).is_err());
        assert_eq!((t.n_rows(), t.n_columns()), (3, 4));
    }

    #[test]
    fn selection_keeps_columns_and_takes_rows_in_order() {
        let t = small().select(&[2, 0, 0]).unwrap();
        assert_eq!(t.names().collect::<Vec<_>>(), ["id", "length", "main", "name"]);
        assert_eq!(t.column("id"), Some(&Column::Int(vec![2, 3, 3])));
        assert_eq!(t.column("name").unwrap().as_text().unwrap(), ["b", "c", "c"]);
        assert!(small().select(&[3]).is_err());
        assert_eq!(small().filter(|r| r == 1), small().select(&[1]).unwrap());
    }

    #[test]
    fn a_missing_column_is_named_with_those_there_are() {
        let message = small().require("lenght").unwrap_err().to_string();
        assert!(message.contains("lenght") && message.contains("length"), "{message}");
    }

    #[test]
    fn an_empty_table_has_no_rows() {
        assert_eq!(Table::default().n_rows(), 0);
        assert_eq!(Table::new(vec![("a".into(), Column::Int(vec![]))]).unwrap().n_rows(), 0);
    }
}
