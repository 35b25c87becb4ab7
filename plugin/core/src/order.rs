//! Lists kept in order, and looked up by halving. The sort of the standard library and its maps are written out for
//! every type that they are used with, and every host loads every kilobyte of the module.

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

/// A list in the order of a text of each item.
pub(crate) fn by_text<T>(list: Vec<T>, text: impl Fn(&T) -> &str) -> Vec<T> {
    let places = Index::of(list.iter().map(|item| text(item).as_bytes())).places();
    let mut items: Vec<Option<T>> = list.into_iter().map(Some).collect();
    places.into_iter().filter_map(|at| items.get_mut(at)?.take()).collect()
}

/// `Eq` of bytes. What the target compares with goes byte by byte; this goes by eight, and ids are long.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let ((a, a_last), (b, b_last)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    a.iter().zip(b).all(|(a, b)| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b))
        && a_last.iter().zip(b_last).all(|(a, b)| a == b)
}

/// Whether there are ASCII characters alone, by eight as well.
pub(crate) fn is_ascii(text: &[u8]) -> bool {
    let (eights, last) = text.as_chunks::<8>();
    eights.iter().all(|eight| u64::from_ne_bytes(*eight) & 0x8080_8080_8080_8080 == 0) && last.is_ascii()
}

/// Where in a list each key stands: made once, then looked up. No input makes it slow, as a hash that a stranger can
/// foresee would be.
#[derive(Debug, Default)]
pub(crate) struct Index<'k>(Vec<Entry<'k>>);

/// A key and its place. Entries are in the order of their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry<'k> {
    /// The first eight bytes of the key, which mostly tell it from the others.
    start: u64,
    key: &'k [u8],
    place: usize,
}

impl<'k> Entry<'k> {
    fn new(key: &'k [u8], place: usize) -> Self {
        Entry { start: start_of(key), key, place }
    }

    fn is_before(&self, start: u64, key: &[u8]) -> bool {
        self.start < start || (self.start == start && self.key < key)
    }
}

/// The first eight bytes as a number that orders as they do; a shorter text is filled up with zeros.
pub(crate) fn start_of(key: &[u8]) -> u64 {
    u64::from_be_bytes(key.first_chunk().copied().unwrap_or_else(|| {
        let mut start = [0; 8];
        start.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        start
    }))
}

impl<'k> Index<'k> {
    /// Numbers the keys from 0, in the order given.
    pub fn of(keys: impl Iterator<Item = &'k [u8]>) -> Self {
        Index::sorted(keys.enumerate().map(|(place, key)| Entry::new(key, place)).collect())
    }

    /// Takes keys with the places that they stand for; a key may stand for several.
    pub fn of_pairs(pairs: impl Iterator<Item = (&'k [u8], usize)>) -> Self {
        Index::sorted(pairs.map(|(key, place)| Entry::new(key, place)).collect())
    }

    fn sorted(mut entries: Vec<Entry<'k>>) -> Self {
        entries.sort_unstable();
        Index(entries)
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every place, in the order of the keys.
    fn places(&self) -> Vec<usize> {
        self.0.iter().map(|entry| entry.place).collect()
    }

    /// The first place of a key.
    pub fn get(&self, key: &[u8]) -> Option<usize> {
        self.all(key).next()
    }

    /// Every place of a key, in order.
    pub fn all(&self, key: &[u8]) -> impl Iterator<Item = usize> {
        let start = start_of(key);
        let from = self.0.partition_point(|entry| entry.is_before(start, key));
        let rest = self.0.get(from..).unwrap_or_default();
        rest.iter().take_while(move |entry| same(entry.key, key)).map(|entry| entry.place)
    }

    /// Every key that begins so, in order, with its place.
    pub fn starting_with<'s>(&'s self, with: &'s [u8]) -> impl Iterator<Item = (&'k [u8], usize)> + 's {
        let start = start_of(with);
        let from = self.0.partition_point(|entry| entry.is_before(start, with));
        let rest = self.0.get(from..).unwrap_or_default();
        let many = rest.partition_point(|entry| entry.key.starts_with(with));
        rest.iter().take(many).map(|entry| (entry.key, entry.place))
    }

    /// Two places of one key, when a key stands twice: the first two.
    pub fn twice(&self) -> Option<(usize, usize)> {
        self.0.windows(2).find_map(|pair| match pair {
            [first, second] if first.start == second.start && same(first.key, second.key) => {
                Some((first.place, second.place))
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_the_same_when_they_are_equal(a in "[ab]{0,20}", b in "[ab]{0,20}") {
            prop_assert_eq!(same(a.as_bytes(), b.as_bytes()), a == b);
        }
    }

    proptest! {
        #[test]
        fn every_key_is_found_whatever_it_begins_with(keys in prop::collection::vec("[ab\\x00]{0,12}", 0..20)) {
            let index = Index::of(keys.iter().map(String::as_bytes));
            for key in &keys {
                let places: Vec<_> = (0..keys.len()).filter(|at| keys.get(*at) == Some(key)).collect();
                prop_assert_eq!(index.all(key.as_bytes()).collect::<Vec<_>>(), places);
            }
        }

        #[test]
        fn every_key_that_begins_so_is_found(
            keys in prop::collection::vec("[ab\\x00]{0,12}", 0..20),
            with in "[ab\\x00]{0,10}",
        ) {
            let index = Index::of(keys.iter().map(String::as_bytes));
            let mut found: Vec<_> = index.starting_with(with.as_bytes()).map(|(_, place)| place).collect();
            found.sort_unstable();
            let places: Vec<_> =
                (0..keys.len()).filter(|at| keys.get(*at).is_some_and(|key| key.starts_with(&with))).collect();
            prop_assert_eq!(found, places);
        }
    }

    proptest! {
        #[test]
        fn a_list_by_text_is_one_that_is_sorted(mut list in prop::collection::vec("[ab\\x00]{0,12}", 0..20)) {
            let ordered = by_text(list.clone(), String::as_str);
            list.sort();
            prop_assert_eq!(ordered, list);
        }
    }

    #[test]
    fn a_key_is_found_at_each_of_its_places() {
        let keys: [&[u8]; 5] = [b"b", b"a", b"c", b"a", b"ab"];
        let index = Index::of(keys.into_iter());
        assert_eq!(index.get(b"b"), Some(0));
        assert_eq!(index.all(b"a").collect::<Vec<_>>(), [1, 3]);
        assert_eq!(index.get(b"d"), None);
        assert_eq!(index.twice(), Some((1, 3)));
        assert_eq!(Index::of([b"x".as_slice()].into_iter()).twice(), None);
    }
}
