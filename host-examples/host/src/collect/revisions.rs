//! Which commit a person means by a name. git takes a tag for a branch that is called alike, and either for the abbreviation of an
//! id; here what could be several commits is none.

use countersign_core::model::ObjectId;

use super::{CollectError, Collector, Help};

/// The folders in which git looks for a short name (gitrevisions(7), git 2.39), each with what may stand behind the name.
const FOLDERS: [(&str, &str); 5] = [
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

/// A range: what the first commit reaches, where there is one, is left out.
pub type Range = (Option<ObjectId<'static>>, ObjectId<'static>);

impl Collector<'_> {
    /// The commit that a revision names.
    ///
    /// # Errors
    /// When there is none, and when its name could be those of several.
    pub fn resolve(&mut self, revision: &str) -> Result<ObjectId<'static>, CollectError> {
        self.named_commit(revision)?.ok_or_else(|| CollectError::NoCommit {
            revision: revision.to_owned(),
            named_by: String::new(),
            help: Help::default(),
        })
    }

    /// The commits that a range such as `main..HEAD` names, or a revision with all that it reaches.
    ///
    /// # Errors
    /// When it is none, or names what is not here.
    pub fn range(&mut self, range: &str) -> Result<Range, CollectError> {
        if range.contains("...") {
            return Err(CollectError::TwoRanges(range.to_owned()));
        }
        let or_head = |name: &str| if name.is_empty() { "HEAD".to_owned() } else { name.to_owned() };
        match range.split_once("..") {
            Some((without, head)) => {
                Ok((Some(self.resolve(&or_head(without))?), self.resolve(&or_head(head))?))
            }
            None => Ok((None, self.resolve(range)?)),
        }
    }

    /// The commit that a revision names, if any.
    pub(super) fn named_commit(&mut self, revision: &str) -> Result<Option<ObjectId<'static>>, CollectError> {
        if is_id(revision) {
            return Ok(self.objects.commit(revision)?);
        }
        let end = [revision.find(['^', '~', ':']), revision.find("@{")].into_iter().flatten().min();
        let (name, more) = revision.split_at(end.unwrap_or(revision.len()));
        if more.starts_with(':') {
            // What holds a message or stands at a path is no name of a commit.
            return Ok(None);
        }
        if matches!(name, "" | "@" | "HEAD") {
            return Ok(self.objects.commit(revision)?);
        }
        if name.starts_with("refs/") {
            let is_here = self.repository.has_ref(name)?;
            return Ok(if is_here { self.objects.commit(revision)? } else { None });
        }
        let mut places: Vec<String> =
            FOLDERS.iter().map(|(folder, behind)| format!("{folder}{name}{behind}")).collect();
        let refs = self.repository.refs(&places)?;
        places.retain(|place| refs.contains(place));
        if self.repository.has_head(name) {
            places.push(name.to_owned());
        } else if !places.is_empty() {
            places.extend(self.repository.abbreviated(name)?);
        }
        let mut meant: Vec<(String, ObjectId<'static>)> = Vec::new();
        for place in places {
            if let Some(commit) = self.objects.commit(&place)? {
                meant.push((place, commit));
            }
        }
        let Some((place, commit)) = meant.first() else { return Ok(self.objects.commit(revision)?) };
        if meant.iter().any(|(_, other)| other != commit) {
            let places = meant.into_iter().map(|(place, _)| place).collect();
            return Err(CollectError::Ambiguous { name: name.to_owned(), places });
        }
        Ok(self.objects.commit(&format!("{place}{more}"))?)
    }
}

/// Whether a text is a whole id, which git takes for nothing else.
fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}
