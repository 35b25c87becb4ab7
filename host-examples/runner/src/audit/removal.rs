//! `countersign audit redact` and `countersign audit expire`

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use countersign_audit::Store;
use countersign_audit::chain::{Because, branch};
use countersign_audit::documents::Order;
use countersign_audit::naming::{Names, Naming};
use countersign_audit::removal::{Named, Plan, carry_out, plan_expiry, plan_redaction};
use countersign_core::{shell_word, visible};
use countersign_host::cli::now;
use countersign_serve::open;

use super::{count, day, inline, read_all};
use crate::output::{print, remark};

#[derive(Args)]
#[command(after_help = "Example:\n  countersign audit redact dana dana@example.com\n  \
    countersign audit redact dana dana@example.com --yes --ordered-by \"data protection officer\" --reason \"ticket 4711\"\n\n\
    A name is compared with whole values: logins, names, addresses, numbers of accounts.\n\n\
    Exit codes: 0 shown or removed, 1 something is not as it was written, 2 cannot read or cannot remove")]
pub struct Redact {
    /// A login, a name, an address or the number of an account; several of one person may be given.
    #[arg(required = true)]
    name: Vec<String>,
    /// Also documents that name the person in another way than as one who took part.
    #[arg(long, value_enum)]
    also: Vec<Also>,
    #[command(flatten)]
    removing: Removing,
}

#[derive(Clone, Copy, ValueEnum)]
enum Also {
    /// Listed in a policy, in a group, among owners, keys or those who may approve.
    Listed,
    /// A word of a text, whoever it means.
    Written,
}

#[derive(Args)]
pub struct Expire {
    /// The first day whose documents stay.
    #[arg(long, value_name = "YYYY-MM-DD")]
    before: String,
    #[command(flatten)]
    removing: Removing,
}

#[derive(Args)]
struct Removing {
    /// Remove it. There is no way back.
    #[arg(long, requires_all = ["ordered_by", "reason"])]
    yes: bool,
    /// On whose order: an office or a role. It stays in the record.
    #[arg(long, value_name = "WHO")]
    ordered_by: Option<String>,
    /// Why, such as the number of a ticket. It stays in the record.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Redact {
    pub fn run(&self, store: &mut dyn Store) -> anyhow::Result<ExitCode> {
        let names = Names::new(&self.name).context("an empty name names nobody")?;
        let said = [&self.removing.ordered_by, &self.removing.reason];
        if said.into_iter().flatten().any(|text| names.stand_in(text)) {
            bail!(
                "--ordered-by and --reason stay in the record: name an office and a ticket, and not whom they are about"
            );
        }
        let beside: Vec<Naming> = self
            .also
            .iter()
            .map(|also| match also {
                Also::Listed => Naming::Listed,
                Also::Written => Naming::Written,
            })
            .collect();
        let plan = plan_redaction(store, &names, &beside)?;
        let code = self.removing.run(store, &plan, Because::Request)?;
        for (name, address) in self.name.iter().filter_map(|name| identity(name)) {
            remark(&format!(
                "documents hold a name and an address each by itself, and are compared with both where you \
                 give both: {} {}",
                shell_word(name),
                shell_word(address)
            ));
        }
        Ok(code)
    }
}

impl Expire {
    pub fn run(&self, store: &mut dyn Store) -> anyhow::Result<ExitCode> {
        let wanted = open::wanted(store)?;
        let plan = plan_expiry(store, day(&self.before)?, &wanted)?;
        self.removing.run(store, &plan, Because::Retention)
    }
}

impl Removing {
    fn run(&self, store: &mut dyn Store, plan: &Plan, because: Because) -> anyhow::Result<ExitCode> {
        print(&visible(&shown(plan)))?;
        match (self.yes, &self.ordered_by, &self.reason) {
            (true, Some(by), Some(reason)) => self.remove(store, plan, because, &Order::new(by, reason))?,
            _ if plan.remove.is_empty() => {}
            _ => {
                print("Nothing is removed yet: --yes --ordered-by WHO --reason TEXT removes it, for good.\n")?
            }
        }
        Ok(read_all(!plan.damage.is_empty()))
    }

    fn remove(
        &self,
        store: &mut dyn Store,
        plan: &Plan,
        because: Because,
        order: &Order,
    ) -> anyhow::Result<()> {
        if order.by.trim().is_empty() || order.reason.trim().is_empty() {
            bail!("--ordered-by and --reason say nothing");
        }
        let removed = carry_out(store, now()?, plan, because, Some(order))?;
        let said = match &removed {
            Some(link) => format!("They were removed, and entry {} says so.", link.entry.number),
            None => "Nothing was removed.".to_owned(),
        };
        // What stays is what a reader must not take for gone.
        let gone = match (&removed, plan.left) {
            (Some(_), 0) => "The database holds their bytes no more.".to_owned(),
            (None, 0) => "The database holds no bytes of what was removed earlier.".to_owned(),
            (_, left) => {
                let they = if left == 1 { "it holds" } else { "they hold" };
                let left = count(left, "document", "documents");
                format!(
                    "The database STILL HOLDS THE NAME in {left} that no removal touches, because {they} evidence of a change."
                )
            }
        };
        // Also where nothing is left to remove: an earlier run may have been kept from it.
        let beyond =
            store.erase().with_context(|| format!("{said} Their bytes are still in the database's files"))?;
        print(&format!("{said} {gone} {beyond}\n"))
    }
}

/// A plan for a person.
fn shown(plan: &Plan) -> String {
    let mut text = String::new();
    let mut list = |title: &str, named: &[Named]| {
        if !named.is_empty() {
            text.push_str(&format!("{title}\n"));
        }
        named.iter().for_each(|named| text.push_str(&line(named)));
        if !named.is_empty() {
            text.push('\n');
        }
    };
    list("To be removed", &plan.remove);
    list("Stays, though the name is there", &plan.keep);
    for damage in &plan.damage {
        text.push_str(&format!("{damage}; it is left alone\n"));
    }
    if !plan.entries.is_empty() {
        let numbers: Vec<String> = plan.entries.iter().map(ToString::to_string).collect();
        let entries = if numbers.len() == 1 { "Entry" } else { "Entries" };
        let numbers = numbers.join(", ");
        text.push_str(&format!(
            "{entries} {numbers}: the name stands in the repository or branch. The chain is never changed.\n"
        ));
    }
    let number = |list: &[Named]| {
        let entries: BTreeSet<u64> = list.iter().map(|named| named.entry.number).collect();
        let documents = count(list.len() as u64, "document", "documents");
        format!("{documents} of {}", count(entries.len() as u64, "entry", "entries"))
    };
    text.push_str(&match plan.remove.as_slice() {
        [] => "No document is to be removed".to_owned(),
        remove => format!("{} to be removed", number(remove)),
    });
    let ways = [
        (Naming::Listed, "listed", "only list the name"),
        (Naming::Written, "written", "only hold the word"),
    ];
    for (naming, flag, how) in ways {
        let list: Vec<Named> =
            plan.keep.iter().filter(|named| named.naming == Some(naming)).cloned().collect();
        if !list.is_empty() {
            text.push_str(&format!("; {} {how} (--also {flag})", number(&list)));
        }
    }
    if plan.left > 0 {
        let documents = count(plan.left, "document", "documents");
        text.push_str(&format!("; {documents} not as recorded hold the name and are LEFT ALONE"));
    }
    text.push_str(".\n");
    text
}

/// The name and the address of somebody who is named as git shows them: `NAME <ADDRESS>`.
fn identity(name: &str) -> Option<(&str, &str)> {
    let (name, address) = name.strip_suffix('>')?.split_once('<')?;
    Some((name.trim(), address.trim())).filter(|(name, address)| !name.is_empty() && !address.is_empty())
}

/// A document on one line.
fn line(named: &Named) -> String {
    let entry = &named.entry;
    let day = entry.at.get(..10).unwrap_or(&entry.at);
    let place = match &entry.change {
        Some(change) => format!("{}#{change}", entry.repository),
        None => format!("{} {}", entry.repository, branch(&entry.target)),
    };
    let how = match named.naming {
        Some(Naming::TookPart) => "took part: ",
        Some(Naming::Listed) => "listed: ",
        Some(Naming::Written) => "written: ",
        None => "",
    };
    let places = match (&named.naming, named.places.as_slice()) {
        (None, _) => String::new(),
        (_, [one, two, three, rest @ ..]) if !rest.is_empty() => {
            format!("{one}, {two}, {three} and {} more", rest.len())
        }
        (_, few) => few.join(", "),
    };
    let line =
        format!("  entry {:<5} {day}  {place:<24} {:<9}  {how}{places}", entry.number, named.role.name());
    format!("{}\n", inline(line.trim_end()))
}
