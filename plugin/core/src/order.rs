//! Small lists kept in order. The sort of the standard library is written out for every type that it is called with,
//! and every host loads every kilobyte of the module.

/// Puts an item where it belongs in a list that is in order, unless it is there.
pub(crate) fn insert<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

/// Sorts strings, and leaves each once.
pub(crate) fn strings(list: &mut Vec<String>) {
    list.sort_unstable();
    list.dedup();
}
