//! One number per axis. Images have few axes: as many numbers as usual lie in place, without an allocation.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

/// More axes than this go to the heap: `tczyx` has five.
const IN_PLACE: usize = 5;

/// A short list of numbers that keeps its length.
#[derive(Clone)]
pub(crate) enum Few<T> {
    InPlace([T; IN_PLACE], u8),
    Heap(Box<[T]>),
}

impl<T: Copy + Default> Few<T> {
    /// `value(axis)` for every axis.
    pub(crate) fn per_axis(n: usize, value: impl FnMut(usize) -> T) -> Few<T> {
        if n > IN_PLACE {
            return Few::Heap((0..n).map(value).collect());
        }
        let mut numbers = [T::default(); IN_PLACE];
        numbers[..n].iter_mut().zip((0..n).map(value)).for_each(|(place, v)| *place = v);
        Few::InPlace(numbers, n as u8)
    }

    pub(crate) fn of(numbers: &[T]) -> Few<T> {
        Few::per_axis(numbers.len(), |a| numbers[a])
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Few::InPlace(numbers, n) => &numbers[..usize::from(*n)],
            Few::Heap(numbers) => numbers,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Few::InPlace(numbers, n) => &mut numbers[..usize::from(*n)],
            Few::Heap(numbers) => numbers,
        }
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Few<T>) -> bool {
        self[..] == other[..]
    }
}

impl<T: Eq> Eq for Few<T> {}

impl<T: Hash> Hash for Few<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self[..].hash(state);
    }
}

impl<T: PartialOrd> PartialOrd for Few<T> {
    fn partial_cmp(&self, other: &Few<T>) -> Option<Ordering> {
        self[..].partial_cmp(&other[..])
    }
}

impl<T: Ord> Ord for Few<T> {
    fn cmp(&self, other: &Few<T>) -> Ordering {
        self[..].cmp(&other[..])
    }
}

impl<T: Serialize> Serialize for Few<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self[..].serialize(to)
    }
}

impl<'de, T: Copy + Default + Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Few<T>, D::Error> {
        Vec::<T>::deserialize(from).map(|numbers| Few::of(&numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_list_it_was_made_of_whatever_its_length() {
        for n in 0..9 {
            let numbers: Vec<i64> = (0..n).map(|i| i * i - 7).collect();
            let few = Few::of(&numbers);
            assert_eq!(few[..], numbers[..]);
            assert!(few == Few::per_axis(numbers.len(), |a| numbers[a]));
            let longer = Few::of(&[&numbers[..], &[0]].concat());
            assert!(few < longer && few != longer);
        }
    }
}
