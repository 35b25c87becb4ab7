//! Lists that the forge gives in pages: what comes out is whole, or an error says why it may not be.
//!
//! A page is cut out by its number, so a list that changes while it is read shifts under its reader. What is added before the
//! next page pushes known entries into it, which is harmless; what is deleted pulls an entry over the edge into a page that was
//! read already, and nobody sees it. So every piece begins within what is read: where it holds a known entry, nothing between
//! that one and its end is missing, however the list moved. Within a piece the order means nothing: of entries of one second the
//! forge gives the first ten pages of its feed in one order, and those behind them in another (Gitea 1.26,
//! models/activities/action_list.go, GetFeeds).

use std::collections::HashSet;

use serde::de::DeserializeOwned;

use crate::client::{ANSWER_BYTES, Api};
use crate::error::ApiError;

/// Pieces that are read of one list; what has more is cut.
const PIECES: usize = 45;

/// How often a list is read from its beginning because it moved.
const READINGS: usize = 4;

/// Entries of the piece before with which the next begins, where the pieces are large enough.
const OVERLAP: usize = 5;

/// How many times fewer entries are asked for after an answer that was too large: it was made and sent all the same.
const SMALLER: usize = 16;

/// An entry of a list.
pub trait Entry: DeserializeOwned {
    /// Unique in its list, and never given to another.
    fn id(&self) -> String;

    /// Takes out of it what is read, and lets go of what is not and may be large.
    fn settle(&mut self) {}
}

/// What says where a list ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The header with the number of entries, which counts also what the account is not shown; where the forge does not count, that
    /// no page is linked behind the last.
    Counted,
    /// A piece with nothing new. What the account is not shown can fill one, so that there is more has to show by other means.
    Empty,
    /// A page without a link to the next (the header `Link`), where the forge itself says where the next begins: behind the last entry
    /// of this one, by its key, and not by its number. However the list moves, nothing slips from one page to another.
    Unlinked,
}

/// Why a list may not be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// No piece went on from the one before.
    #[error("it changed each time while it was read")]
    Moved,
    /// There is more of it.
    #[error("it has more entries than are read")]
    Cut,
    /// A version of the forge that is not known, or a proxy that drops headers.
    #[error("the answer has no header that says how long it is")]
    Uncounted,
    /// The link to the next page does not name the API.
    #[error("its next page is linked outside of the API")]
    Astray,
}

/// What an answer says of the page behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Unsaid,
    /// There is none.
    None,
    /// It stands at this address.
    Page(String),
}

/// What one answer holds of a list.
#[derive(Debug)]
pub struct Piece<T> {
    /// The entries that the account is shown.
    pub entries: Vec<T>,
    /// How many the whole list has.
    pub total: Option<usize>,
    /// What the header `Link` says of the page behind this one.
    pub next: Next,
    /// Bytes of the answer.
    pub bytes: usize,
}

/// A part of a list as the API cuts it: the page of this number, from 1, where pages have this many entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    limit: usize,
    page: usize,
}

impl Cut {
    fn end(self) -> usize {
        self.page * self.limit
    }

    /// The part that goes farthest beyond what is read and begins at least `overlap` entries before its end, of at most `most`
    /// entries; of up to `cap` where no smaller goes on.
    fn after(read: usize, overlap: usize, most: usize, cap: usize) -> Option<Self> {
        let of = |limit: usize| Cut { limit, page: read.saturating_sub(overlap) / limit + 1 };
        let best = (1..=most).map(of).max_by_key(|cut| cut.end()).filter(|cut| cut.end() > read);
        best.or_else(|| (most + 1..=cap).map(of).find(|cut| cut.end() > read))
    }
}

/// How far a list was read.
struct Reader<'a> {
    api: &'a Api,
    path: &'a str,
    /// Entries of the list up to where it was read, those included that the account is not shown.
    read: usize,
    /// Entries of the next piece: fewer after an answer that was too large.
    most: usize,
    /// Entries of a piece that the server gives at most.
    cap: usize,
}

impl Api {
    /// Reads a list to its end.
    ///
    /// # Errors
    /// When the forge does not give it, or nothing proves that it is whole.
    pub fn list<T: Entry>(&self, end: End, path: &str) -> Result<Vec<T>, ApiError> {
        self.list_until(end, path, |_| false)
    }

    /// Reads a list from its first entry until there is enough of it, or to its end.
    ///
    /// # Errors
    /// When the forge does not give it, or nothing proves that no entry is missing up to there.
    pub fn list_until<T: Entry>(
        &self,
        end: End,
        path: &str,
        mut is_enough: impl FnMut(&[T]) -> bool,
    ) -> Result<Vec<T>, ApiError> {
        let mut read = || match end {
            End::Counted => Reader::begin(self, path)?.read(true, &mut is_enough),
            End::Empty => Reader::begin(self, path)?.read(false, &mut is_enough),
            End::Unlinked => self.linked(path, &mut is_enough),
        };
        let mut doubt = Doubt::Moved;
        for _ in 0..READINGS {
            match read()? {
                Ok(entries) => return Ok(entries),
                Err(Doubt::Moved) => {}
                Err(other) => {
                    doubt = other;
                    break;
                }
            }
        }
        Err(self.noted(ApiError::Doubtful { path: path.to_owned(), doubt }))
    }

    /// Follows the links of a list from its first page.
    fn linked<T: Entry>(
        &self,
        path: &str,
        is_enough: &mut impl FnMut(&[T]) -> bool,
    ) -> Result<Result<Vec<T>, Doubt>, ApiError> {
        let most = self.page_cap()?;
        let mut next = format!("{path}{}{}={most}", joint(path), self.dialect().pages.size);
        let (mut all, mut known) = (Vec::new(), HashSet::new());
        for _ in 0..PIECES {
            let piece: Piece<T> = self.piece(&next)?;
            let is_full = piece.entries.len() >= most;
            all.extend(piece.entries.into_iter().filter(|entry| known.insert(entry.id())));
            match piece.next {
                _ if is_enough(&all) => return Ok(Ok(all)),
                Next::Page(address) => match self.below_base(&address) {
                    Some(path) => next = path,
                    None => return Ok(Err(Doubt::Astray)),
                },
                // A proxy may have dropped the header.
                Next::Unsaid if is_full => return Ok(Err(Doubt::Uncounted)),
                Next::Unsaid | Next::None => return Ok(Ok(all)),
            }
        }
        Ok(Err(Doubt::Cut))
    }

    /// Reads the first entries of a list.
    ///
    /// # Errors
    /// When the forge does not give them.
    pub fn first<T: Entry>(&self, path: &str) -> Result<Vec<T>, ApiError> {
        let piece = Reader::begin(self, path)?.piece(0)?;
        Ok(piece.map(|(_, piece)| piece.entries).unwrap_or_default())
    }
}

impl<'a> Reader<'a> {
    fn begin(api: &'a Api, path: &'a str) -> Result<Self, ApiError> {
        let cap = api.page_cap()?;
        Ok(Reader { api, path, read: 0, most: cap, cap })
    }

    fn read<T: Entry>(
        mut self,
        counted: bool,
        is_enough: &mut impl FnMut(&[T]) -> bool,
    ) -> Result<Result<Vec<T>, Doubt>, ApiError> {
        let mut all: Vec<T> = Vec::new();
        let mut known = HashSet::new();
        let mut overlap = OVERLAP;
        for _ in 0..PIECES {
            let before = self.read;
            let Some((cut, piece)) = self.piece::<T>(overlap)? else { return Ok(Err(Doubt::Cut)) };
            // The forge counts after it has read, so that a full piece may be followed by one that was not counted.
            let is_full = piece.entries.len() >= cut.limit;
            let goes_on = piece.entries.iter().any(|entry| known.contains(&entry.id()));
            // Beyond the end is nothing to go on from.
            let is_beyond = piece.entries.is_empty() && !counted;
            if !all.is_empty() && !goes_on && !is_beyond {
                // What the account is not shown may stand where the pieces meet.
                if overlap <= OVERLAP && self.cap / 3 > OVERLAP {
                    (overlap, self.read) = (self.cap / 3, before);
                    continue;
                }
                return Ok(Err(Doubt::Moved));
            }
            overlap = OVERLAP;
            let count = all.len();
            all.extend(piece.entries.into_iter().filter(|entry| known.insert(entry.id())));
            let is_last = all.len() == count && !is_full;
            let is_over = match (counted, piece.total) {
                (true, Some(total)) => self.read >= total && !is_full,
                // GitLab counts no list of more than ten thousand, and some never.
                (true, None) => match piece.next {
                    Next::Unsaid => return Ok(Err(Doubt::Uncounted)),
                    Next::None => true,
                    Next::Page(_) => false,
                },
                (false, _) => is_last,
            };
            if is_over || is_enough(&all) {
                return Ok(Ok(all));
            }
        }
        Ok(Err(Doubt::Cut))
    }

    /// The next piece; none where the server gives so few entries at once that none goes on.
    fn piece<T: Entry>(&mut self, overlap: usize) -> Result<Option<(Cut, Piece<T>)>, ApiError> {
        let joint = joint(self.path);
        loop {
            let overlap = overlap.min(self.most / 2).max(1).min(self.read);
            // Small pages leave little room: less of an overlap is one all the same.
            let after = |overlap| Cut::after(self.read, overlap, self.most, self.cap);
            let Some(cut) = (overlap.min(1)..=overlap).rev().find_map(after) else { return Ok(None) };
            let size = self.api.dialect().pages.size;
            let path = format!("{}{joint}{size}={}&page={}", self.path, cut.limit, cut.page);
            // What one entry alone holds is read however large it is, as far as that is possible.
            let piece = if self.most > 1 { self.api.piece::<T>(&path) } else { self.api.large_piece(&path) };
            match piece {
                Err(ApiError::TooLarge { .. }) if self.most > 1 => self.most = (self.most / SMALLER).max(1),
                Err(error) => return Err(error),
                Ok(piece) => {
                    self.read = self.read.max(cut.end());
                    // Twice as many may well be twice as large.
                    if piece.bytes as u64 <= ANSWER_BYTES / 4 {
                        self.most = (self.most * 2).min(self.cap);
                    }
                    return Ok(Some((cut, piece)));
                }
            }
        }
    }
}

/// What joins one parameter more to a path.
fn joint(path: &str) -> char {
    if path.contains('?') { '&' } else { '?' }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use loopback::{Answer, Loopback, Reply};
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::{Cap, Credential, Dialect, Pages};

    /// Entries of the largest page.
    const MOST: usize = 50;

    /// The time for a list.
    const TIME: Duration = Duration::from_secs(30);

    static DIALECT: Dialect = Dialect {
        base: "/api",
        user_agent: "test",
        pages: Pages {
            size: "limit",
            most: MOST,
            cap: Some(Cap { path: "/settings", field: "most" }),
            total: "X-Total-Count",
        },
    };

    #[derive(Debug, Clone, PartialEq, Deserialize)]
    struct Numbered {
        id: u32,
    }

    impl Entry for Numbered {
        fn id(&self) -> String {
            self.id.to_string()
        }
    }

    /// What happens to a list between two answers.
    #[derive(Debug, Clone)]
    enum Step {
        /// Entries come to its front.
        Push(u32),
        /// Entries come to its end.
        Append(u32),
        /// The entry at a place goes, as far as there is one.
        Delete(usize),
    }

    /// A list of the forge.
    #[derive(Debug, Clone, Default)]
    struct Listed {
        ids: Vec<u32>,
        /// Entries that are counted and not shown.
        hidden: Vec<u32>,
        /// Bytes that an entry has beside its id.
        bytes: Vec<(u32, usize)>,
        counts: bool,
        /// The forge links the next page.
        links: bool,
        /// Entries behind so many are given in another order within their page.
        turned_behind: Option<usize>,
        next: u32,
        steps: Vec<Vec<Step>>,
        asked: usize,
    }

    impl Listed {
        fn of(ids: u32) -> Self {
            Listed { ids: (0..ids).collect(), counts: true, next: ids, ..Listed::default() }
        }

        fn page(&mut self, limit: usize, page: usize) -> (String, usize) {
            let shown = self.ids.iter().skip((page - 1) * limit).take(limit);
            let shown = shown.filter(|id| !self.hidden.contains(id)).map(|id| {
                let bytes = self.bytes.iter().find(|(of, _)| of == id).map_or(0, |(_, bytes)| *bytes);
                format!("{{\"id\":{id},\"body\":\"{}\"}}", "x".repeat(bytes))
            });
            let mut shown: Vec<String> = shown.collect();
            if self.turned_behind.is_some_and(|behind| (page - 1) * limit >= behind) {
                shown.reverse();
            }
            let answer = (format!("[{}]", shown.join(",")), self.ids.len());
            if !self.steps.is_empty() {
                for step in self.steps.remove(0) {
                    let mut fresh = |count: u32| {
                        let from = self.next;
                        self.next += count;
                        from..self.next
                    };
                    match step {
                        Step::Push(count) => drop(self.ids.splice(0..0, fresh(count))),
                        Step::Append(count) => self.ids.extend(fresh(count)),
                        Step::Delete(at) if at < self.ids.len() => drop(self.ids.remove(at)),
                        Step::Delete(_) => {}
                    }
                }
            }
            self.asked += 1;
            answer
        }
    }

    /// A forge that has one list and gives at most `cap` entries of it at once.
    fn forge(listed: Listed, cap: usize) -> (Api, Arc<Mutex<Listed>>) {
        let listed = Arc::new(Mutex::new(listed));
        let shared = listed.clone();
        let server = Loopback::start(move |request| {
            if request.path.ends_with("/settings") {
                return Reply::Whole(Answer::json(200, format!("{{\"most\":{cap}}}")));
            }
            let number = |name: &str| request.parameter(name).unwrap().parse::<usize>().unwrap();
            let mut listed = shared.lock().unwrap();
            let (limit, page) = (number("limit").min(cap), number("page"));
            let (body, total) = listed.page(limit, page);
            let mut answer = Answer::json(200, body);
            if listed.counts {
                answer = answer.with("X-Total-Count", total);
            }
            if listed.links {
                let link =
                    |page, name| format!("<https://forge.example/api/list?page={page}>; rel=\"{name}\"");
                let mut links = vec![link(1, "first")];
                links.extend((page * limit < total).then(|| link(page + 1, "next")));
                answer = answer.with("Link", links.join(", "));
            }
            Reply::Whole(answer)
        });
        let token = Credential::authorization("token", "0123");
        (Api::new(&DIALECT, &server.url, token, TIME), listed)
    }

    fn read(listed: Listed, end: End) -> Result<Vec<u32>, ApiError> {
        let list: Result<Vec<Numbered>, _> = forge(listed, MOST).0.list(end, "/list?of=all");
        list.map(|entries| entries.iter().map(|entry| entry.id).collect())
    }

    fn doubt(read: Result<Vec<u32>, ApiError>) -> Option<Doubt> {
        match read {
            Err(ApiError::Doubtful { doubt, .. }) => Some(doubt),
            read => panic!("{read:?}"),
        }
    }

    #[test]
    fn a_list_at_rest_is_read_whole_whatever_its_length_and_whatever_the_server_gives_at_once() {
        for end in [End::Counted, End::Empty] {
            for count in [0, 1, 4, 5, 49, 50, 51, 95, 100, 333, 1_000] {
                assert_eq!(read(Listed::of(count), end).unwrap(), (0..count).collect::<Vec<_>>(), "{count}");
            }
        }
        for cap in [7, 20, 1_000] {
            let (api, _) = forge(Listed::of(61), cap);
            assert_eq!(api.list::<Numbered>(End::Counted, "/list").unwrap().len(), 61, "{cap}");
        }
        let (api, listed) = forge(Listed::of(49), MOST);
        assert_eq!(api.list::<Numbered>(End::Counted, "/list").unwrap().len(), 49);
        assert_eq!(listed.lock().unwrap().asked, 1, "what one answer holds is asked for once");
    }

    #[test]
    fn a_list_that_is_longer_than_what_is_read_is_no_whole_one() {
        for end in [End::Counted, End::Empty] {
            assert_eq!(doubt(read(Listed::of(4_000), end)), Some(Doubt::Cut));
        }
        let (api, _) = forge(Listed::of(4_000), MOST);
        let enough = |entries: &[Numbered]| entries.len() > 500;
        assert!(api.list_until(End::Counted, "/list", enough).unwrap().len() < 600);
        assert!(api.list_until::<Numbered>(End::Counted, "/list", |_| false).is_err());
    }

    #[test]
    fn a_list_that_does_not_say_how_long_it_is_is_no_whole_one_where_it_should() {
        assert_eq!(
            doubt(read(Listed { counts: false, ..Listed::of(3) }, End::Counted)),
            Some(Doubt::Uncounted)
        );
    }

    #[test]
    fn a_list_that_is_not_counted_ends_where_no_page_is_linked_behind_it() {
        for count in [0, 1, 49, 50, 51, 100, 333] {
            let listed = Listed { counts: false, links: true, ..Listed::of(count) };
            assert_eq!(read(listed, End::Counted).unwrap(), (0..count).collect::<Vec<_>>(), "{count}");
        }
    }

    #[test]
    fn what_is_not_shown_ends_no_list_that_is_counted() {
        for hidden in [0..10, 40..50, 45..55, 90..120] {
            let listed = Listed { hidden: hidden.clone().collect(), ..Listed::of(120) };
            let expected: Vec<u32> = (0..120).filter(|id| !hidden.contains(id)).collect();
            assert_eq!(read(listed, End::Counted).unwrap(), expected, "{hidden:?}");
        }
        let listed = Listed { hidden: (30..110).collect(), ..Listed::of(120) };
        assert_eq!(doubt(read(listed, End::Counted)), Some(Doubt::Moved), "nothing says what is between");
    }

    #[test]
    fn an_entry_that_slips_over_the_edge_of_a_page_is_not_lost() {
        for (name, steps) in [
            ("one is deleted once", vec![vec![Step::Delete(0)]]),
            ("more than the overlap are deleted once", vec![vec![Step::Delete(3); 20]]),
            ("one goes and one comes, so that the count stays", vec![vec![Step::Delete(1), Step::Append(1)]]),
        ] {
            let listed = Listed { steps, ..Listed::of(120) };
            let found = read(listed, End::Counted).unwrap();
            assert!((50..120).all(|id| found.contains(&id)), "{name}: {found:?}");
        }
        let steps = vec![vec![Step::Delete(0); 10]; 60];
        assert_eq!(doubt(read(Listed { steps, ..Listed::of(2_000) }, End::Counted)), Some(Doubt::Moved));
    }

    #[test]
    fn an_order_that_changes_within_the_pages_hides_nothing() {
        for (behind, end) in [(0, End::Counted), (50, End::Counted), (450, End::Counted), (50, End::Empty)] {
            for count in [49, 51, 97, 333, 503, 1_000] {
                let mut found =
                    read(Listed { turned_behind: Some(behind), ..Listed::of(count) }, end).unwrap();
                found.sort_unstable();
                assert_eq!(found, (0..count).collect::<Vec<_>>(), "{count} behind {behind}");
            }
        }
    }

    #[test]
    fn a_full_piece_with_nothing_new_is_no_end() {
        for end in [End::Counted, End::Empty] {
            let found =
                read(Listed { steps: vec![vec![Step::Push(45)]; 1], ..Listed::of(120) }, end).unwrap();
            assert!((0..120).all(|id| found.contains(&id)), "{end:?}: {found:?}");
        }
    }

    #[test]
    fn what_comes_to_the_front_while_it_is_read_pushes_nothing_out() {
        let (api, _) = forge(Listed { steps: vec![vec![Step::Push(7)]; 60], ..Listed::of(300) }, MOST);
        let found: Vec<Numbered> = api.list(End::Counted, "/list").unwrap();
        let found: Vec<u32> = found.iter().map(|entry| entry.id).filter(|id| *id < 300).collect();
        assert_eq!(found, (0..300).collect::<Vec<_>>());
    }

    #[test]
    fn large_entries_are_read_in_smaller_pieces_and_nothing_is_left_out() {
        let bytes = vec![(3, 12 << 20), (4, 12 << 20), (5, 12 << 20), (60, 40 << 20)];
        let (api, listed) = forge(Listed { bytes, ..Listed::of(70) }, MOST);
        let found: Vec<Numbered> = api.list(End::Counted, "/list").unwrap();
        assert_eq!(found.len(), 70);
        assert!(listed.lock().unwrap().asked < 30, "{}", listed.lock().unwrap().asked);
    }

    /// A list that is cut behind the last id of the page before, as by a key, where something happens to it after each answer. `keeps`
    /// says how many pages keep their link.
    fn linked(
        count: u32,
        keeps: usize,
        mut after: impl FnMut(&mut Vec<u32>) + Send + 'static,
    ) -> Result<Vec<u32>, ApiError> {
        let ids = Mutex::new(((0..count).collect::<Vec<u32>>(), 0));
        let after = Mutex::new(move |ids: &mut Vec<u32>| after(ids));
        let server = Loopback::start(move |request| {
            if request.path.ends_with("/settings") {
                return Reply::Whole(Answer::json(200, r#"{"most":10}"#));
            }
            let behind = request.parameter("behind").map(|id| id.parse::<u32>().unwrap());
            let mut state = ids.lock().unwrap();
            let page: Vec<u32> = state
                .0
                .iter()
                .copied()
                .filter(|id| behind.is_none_or(|behind| *id > behind))
                .take(10)
                .collect();
            state.1 += 1;
            let entries: Vec<String> = page.iter().map(|id| format!("{{\"id\":{id}}}")).collect();
            let answer = Answer::json(200, format!("[{}]", entries.join(",")));
            let has_more = page.len() == 10 && state.1 <= keeps;
            // What the forge calls itself may not be what it is called here.
            let link =
                |last: &u32| format!("<https://forge.example/api/list?limit=10&behind={last}>; rel=\"next\"");
            let answer = match page.last().filter(|_| has_more) {
                Some(last) => answer.with("Link", link(last)),
                None => answer,
            };
            (after.lock().unwrap())(&mut state.0);
            Reply::Whole(answer)
        });
        let api = Api::new(&DIALECT, &server.url, Credential::header("PRIVATE-TOKEN", "0123"), TIME);
        let list: Vec<Numbered> = api.list(End::Unlinked, "/list")?;
        Ok(list.iter().map(|entry| entry.id).collect())
    }

    #[test]
    fn a_linked_list_is_followed_to_its_end_and_loses_nothing_that_stays() {
        for count in [0, 1, 9, 10, 11, 95, 100] {
            assert_eq!(linked(count, usize::MAX, |_| {}).unwrap(), (0..count).collect::<Vec<_>>(), "{count}");
        }
        let found = linked(95, usize::MAX, |ids| drop(ids.drain(0..3))).unwrap();
        assert!((30..95).all(|id| found.contains(&id)), "{found:?}");
    }

    #[test]
    fn a_linked_list_whose_link_is_missing_behind_a_full_page_is_no_whole_one() {
        assert_eq!(doubt(linked(95, 2, |_| {})), Some(Doubt::Uncounted));
        assert_eq!(doubt(linked(4_000, usize::MAX, |_| {})), Some(Doubt::Cut));
        // The last page is not full.
        assert_eq!(linked(15, 1, |_| {}).unwrap().len(), 15);
    }

    #[test]
    fn a_link_that_leads_out_of_the_api_is_not_followed() {
        for address in ["https://forge.example/list?page=2", "https://forge.example/apix/list", ""] {
            let server = Loopback::start(move |request| {
                if request.path.ends_with("/settings") {
                    return Reply::Whole(Answer::json(200, r#"{"most":10}"#));
                }
                let link = format!("<{address}>; rel=\"next\"");
                Reply::Whole(Answer::json(200, r#"[{"id":1}]"#).with("Link", link))
            });
            let api = Api::new(&DIALECT, &server.url, Credential::header("PRIVATE-TOKEN", "0123"), TIME);
            let read = api.list::<Numbered>(End::Unlinked, "/list");
            assert_eq!(doubt(read.map(|_| Vec::new())), Some(Doubt::Astray), "{address}");
        }
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1_u32..8).prop_map(Step::Push),
            (1_u32..8).prop_map(Step::Append),
            (0_usize..200).prop_map(Step::Delete),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever was there from the first answer to the last is there in what was read up to the last entry of it.
        #[test]
        fn no_entry_that_stayed_is_missing_however_the_list_moves(
            count in 0_u32..300,
            steps in prop::collection::vec(prop::collection::vec(step(), 0..4), 0..12),
        ) {
            let before: Vec<u32> = (0..count).collect();
            let (api, listed) = forge(Listed { steps, ..Listed::of(count) }, MOST);
            if let Ok(found) = api.list::<Numbered>(End::Counted, "/list") {
                let found: Vec<u32> = found.iter().map(|entry| entry.id).collect();
                let after = &listed.lock().unwrap().ids;
                for id in before.iter().filter(|id| after.contains(id)) {
                    prop_assert!(found.contains(id), "{id} is missing in {found:?}");
                }
            }
        }
    }
}
