//! Takes documents away: those that name a person, or all that are older than they are to be. It is planned first and done then,
//! and an entry says what was done, on whose order and why. The chain still verifies.

use std::collections::{BTreeSet, HashMap, HashSet};

use countersign_core::model::When;

use crate::chain::{Because, Entry, Event, Link, Place};
use crate::database::{DatabaseError, Store, reading, transaction};
use crate::documents::{self, Order, Orphan, Role};
use crate::naming::{Names, Naming};
use crate::trail::{Trail, TrailError};
use crate::walk::walk;

/// A document that names somebody, or that is past its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The first entry that names it.
    pub entry: Entry,
    /// The role of the document.
    pub role: Role,
    /// The digest of the document.
    pub digest: String,
    /// In what way it names somebody; none where another document of the entry does, or its time has passed.
    pub naming: Option<Naming>,
    /// The places in the document that hold the name.
    pub places: Vec<String>,
}

/// What is to be removed, and what is not though it names somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is to be removed, in the order of the entries.
    pub remove: Vec<Named>,
    /// What stays: it names somebody in a way that was not asked for.
    pub keep: Vec<Named>,
    /// Entries whose repository or branch holds the name. The chain is never changed.
    pub entries: Vec<u64>,
    /// The last entry that it takes into account.
    pub until: u64,
    /// Entries and documents that are not as they were written. They are left alone, as evidence of that.
    pub damage: Vec<String>,
    /// How many documents are left alone that hold the name.
    pub left: u64,
}

/// Plans the removal of documents that name somebody as one who took part, or in one of the ways that are asked for beside that.
///
/// Only documents go that name the person themselves or hold what is signed with their key, and with an answer its request: the
/// module would make the one of the other. So what others answered for stays.
///
/// # Errors
/// When the database fails.
pub fn plan_redaction(store: &mut dyn Store, names: &Names, beside: &[Naming]) -> Result<Plan, TrailError> {
    reading(store, |store| {
        let mut plan = Plan::default();
        let removals = Trail::of(store).removals()?;
        let (names, orphans) = known_by(store, names)?;
        let mut known: HashMap<String, Option<Vec<(Naming, String)>>> = HashMap::new();
        let (mut remove, mut keep) = (Documents::default(), Documents::default());
        walk(store, 1, u64::MAX, |store, found| {
            let entry = match found {
                Ok(link) => link.entry,
                Err(damage) => {
                    plan.damage.push(damage.to_string());
                    return Ok(());
                }
            };
            plan.until = entry.number;
            if [&entry.repository, &entry.target].into_iter().any(|text| names.stand_in(text)) {
                plan.entries.push(entry.number);
            }
            let asked = |naming: Naming| naming == Naming::TookPart || beside.contains(&naming);
            let (mut answers, mut request) = (false, None);
            for (role, digest) in personal(&entry) {
                if !known.contains_key(digest) {
                    let document = documents::read(store, &removals, digest)?;
                    if let Some(fault) = document.fault(digest, entry.number) {
                        plan.leave(store, &names, role, digest, fault)?;
                    }
                    let places = document.bytes().map(|bytes| names.places(role, &bytes));
                    known.insert(digest.to_owned(), places);
                }
                let Some(Some(places)) = known.get(digest) else { continue };
                let goes = places.iter().any(|(naming, _)| asked(*naming));
                let shown = places.iter().filter(|(naming, _)| !goes || asked(*naming));
                let named = Named {
                    entry: entry.clone(),
                    role,
                    digest: digest.to_owned(),
                    naming: places.iter().map(|(naming, _)| *naming).min(),
                    places: shown.map(|(_, place)| place.clone()).collect(),
                };
                answers |= goes && matches!(role, Role::Answer | Role::Approvers);
                match named.naming {
                    _ if goes => remove.add(named),
                    _ if role == Role::Request => request = Some(named),
                    Some(_) => keep.add(named),
                    None => {}
                }
            }
            match request {
                Some(request) if answers => remove.add(Named { naming: None, places: Vec::new(), ..request }),
                Some(request) if request.naming.is_some() => keep.add(request),
                _ => {}
            }
            Ok::<(), TrailError>(())
        })?;
        for orphan in orphans {
            let fault = orphan.to_string();
            match (orphan.digest, Role::named(&orphan.role)) {
                (Some(digest), role) => {
                    plan.leave(store, &names, role.unwrap_or(Role::Request), &digest, fault)?;
                }
                (None, _) => plan.damage.push(fault),
            }
        }
        plan.keep = keep.but(&remove);
        plan.remove = remove.list;
        Ok(plan)
    })
}

/// The person with the keys that are theirs, and the documents that no entry names.
fn known_by(store: &mut dyn Store, names: &Names) -> Result<(Names, Vec<Orphan>), TrailError> {
    let mut names = names.clone();
    let mut named = HashSet::new();
    walk(store, 1, u64::MAX, |store, found| {
        let Ok(Link { entry, .. }) = found else { return Ok(()) };
        let (mut answer, mut request) = (Vec::new(), Vec::new());
        for (role, digest) in entry.documents() {
            let is_new = named.insert(digest.to_owned());
            let bytes = match role {
                Role::Component | Role::Detail | Role::Order => continue,
                Role::Request | Role::Answer | Role::Approvers => documents::raw(store, digest)?,
            };
            if is_new {
                names.learn(role, &bytes);
            }
            match role {
                Role::Answer => answer = bytes,
                Role::Request => request = bytes,
                _ => {}
            }
        }
        names.learn_of_acts(&answer, &request);
        Ok::<(), DatabaseError>(())
    })?;
    let orphans = documents::unnamed(store, &named)?;
    for orphan in &orphans {
        if let (Some(digest), Some(role)) = (&orphan.digest, Role::named(&orphan.role)) {
            names.learn(role, &documents::raw(store, digest)?);
        }
    }
    Ok((names, orphans))
}

/// Plans the removal of the documents of every entry before a moment, but those that a later entry names too, and those of the
/// entries that are still wanted, which are named by their hashes: people wait for what they say.
///
/// # Errors
/// When the database fails.
pub fn plan_expiry(
    store: &mut dyn Store,
    before: When,
    wanted: &HashSet<String>,
) -> Result<Plan, TrailError> {
    reading(store, |store| {
        let mut plan = Plan::default();
        let (mut old, mut needed, mut named) = (Documents::default(), BTreeSet::new(), HashSet::new());
        walk(store, 1, u64::MAX, |store, found| {
            let Link { entry, hash } = match found {
                Ok(link) => link,
                Err(damage) => {
                    plan.damage.push(damage.to_string());
                    return Ok(());
                }
            };
            plan.until = entry.number;
            named.extend(entry.documents().into_iter().map(|(_, digest)| digest.to_owned()));
            let is_old = entry.when().is_some_and(|when| when < before) && !wanted.contains(&hash);
            for (role, digest) in personal(&entry) {
                if !is_old {
                    needed.insert(digest.to_owned());
                } else if documents::is_present(store, digest)? {
                    let (entry, digest) = (entry.clone(), digest.to_owned());
                    old.add(Named { entry, role, digest, naming: None, places: Vec::new() });
                }
            }
            Ok::<(), DatabaseError>(())
        })?;
        // When it was recorded, no document says itself.
        plan.damage.extend(documents::unnamed(store, &named)?.iter().map(ToString::to_string));
        // On whose order something went is told for as long as it is gone.
        old.list.retain(|named| named.role != Role::Order && !needed.contains(&named.digest));
        plan.remove = old.list;
        Ok(plan)
    })
}

impl Plan {
    /// Notes a document that is not as it was recorded, and whether it holds the name all the same.
    fn leave(
        &mut self,
        store: &mut dyn Store,
        names: &Names,
        role: Role,
        digest: &str,
        fault: String,
    ) -> Result<(), DatabaseError> {
        let places = names.places(role, &documents::raw(store, digest)?);
        let holds = places.iter().map(|(naming, _)| *naming).min();
        self.left += u64::from(holds.is_some());
        self.damage.push(match holds {
            Some(_) => format!("{fault}; it HOLDS THE NAME"),
            None => fault,
        });
        Ok(())
    }
}

/// Removes what a plan says, and notes it in the trail: the entry and the removal are one step.
///
/// # Errors
/// When the database fails; nothing is removed then.
pub fn carry_out(
    store: &mut dyn Store,
    at: When,
    plan: &Plan,
    because: Because,
    order: Option<&Order>,
) -> Result<Option<Link>, TrailError> {
    let mut digests: BTreeSet<String> = plan.remove.iter().map(|named| named.digest.clone()).collect();
    transaction(store, |store| {
        Trail::of(store).lock()?;
        if because == Because::Retention {
            // What was recorded since may say the same again.
            walk(store, plan.until + 1, u64::MAX, |_, found| {
                if let Ok(link) = found {
                    for (_, digest) in personal(&link.entry) {
                        digests.remove(digest);
                    }
                }
                Ok::<(), DatabaseError>(())
            })?;
        }
        if digests.is_empty() {
            return Ok(None);
        }
        let order = match order {
            Some(order) => {
                let bytes = serde_json::to_vec(order).map_err(|e| TrailError::Odd(e.to_string()))?;
                Some(documents::keep(store, Role::Order, &bytes)?)
            }
            None => None,
        };
        for digest in &digests {
            documents::remove(store, digest)?;
        }
        let event = Event::Removal { because, order, documents: digests.into_iter().collect() };
        Ok(Some(Trail::of(store).append(at, Place::default(), event)?))
    })
}

/// The documents of an entry that may name people. A component names nobody.
fn personal(entry: &Entry) -> impl Iterator<Item = (Role, &str)> {
    entry.documents().into_iter().filter(|(role, _)| *role != Role::Component)
}

/// Documents, each once, in the order of the entries that name them first.
#[derive(Default)]
struct Documents {
    list: Vec<Named>,
    seen: HashSet<String>,
}

impl Documents {
    fn add(&mut self, named: Named) {
        if self.seen.insert(named.digest.clone()) {
            self.list.push(named);
        }
    }

    fn but(self, others: &Documents) -> Vec<Named> {
        self.list.into_iter().filter(|named| !others.seen.contains(&named.digest)).collect()
    }
}
