//! Requests as hosts send them, of a forge and of plain git: drawn so that most of what a policy asks for is there, and
//! everything that can be wrong with it is wrong now and then.

use serde_json::{Value, json};

use crate::draw::Draw;
use crate::language::Policies;
use crate::world::{
    ANSWERS, APPROVING, BASE, GROUPS, LIST, NOW, Naming, PEOPLE, PROGRAMS, REFUSING, TIMES, address, id,
    number,
};

/// Facts that a host names when it has them whole.
pub const FACTS: &[&str] = &[
    "documents",
    "change",
    "text",
    "commits",
    "files",
    "file-lines",
    "hunks",
    "signatures",
    "notes",
    "traces",
    "checkpoints",
    "pushes",
    "versions",
    "acts",
    "statuses",
    "people",
    "groups",
    "opener",
    "requester",
    "diff-id",
    "merge-tree",
    "auto-merge-trees",
    "history",
];

/// Draws a request about a change; the policies themselves are no part of it.
pub fn request(draw: &mut Draw<'_>, policies: &Policies) -> Value {
    let on_forge = draw.often(85);
    let naming = match on_forge {
        true => draw.pick(&[Naming::Id, Naming::Id, Naming::Login]),
        false => Naming::Address,
    };
    let author = draw.weighed(&[(6, "dana"), (1, "omar"), (1, "sam"), (1, "renovate")]);
    let mut making =
        Making { draw, naming, author, heads: Vec::new(), platform_ids: naming != Naming::Address };
    making.request(policies)
}

struct Making<'m, 'r> {
    draw: &'m mut Draw<'r>,
    naming: Naming,
    /// Who writes most of it.
    author: &'static str,
    /// The commits of the change, the newest last.
    heads: Vec<&'static str>,
    platform_ids: bool,
}

const COMMITS: &[&str] = &["c1", "c2", "c3", "c4"];

impl Making<'_, '_> {
    fn request(&mut self, policies: &Policies) -> Value {
        let commits = self.commits();
        let head = self.head();
        let mut request = json!({
            "apiVersion": "countersign/v1",
            "trigger": {
                "kind": if self.platform_ids { self.draw.pick(&["webhook", "webhook", "pre-receive", "check"]) } else { "check" },
                "host": { "name": "test" },
                "platform": { "name": if self.platform_ids { "forge" } else { "git" } },
                "now": NOW,
            },
            "change": self.change(&head),
            "commits": commits,
        });
        request["files"] = self.files();
        request["acts"] = self.acts();
        request["statuses"] = self.statuses();
        request["documents"] = self.documents(policies);
        if self.platform_ids {
            request["pushes"] = self.pushes();
            request["people"] = self.people();
            request["groups"] = self.groups();
        }
        self.facts(&mut request);
        request
    }

    fn head(&self) -> String {
        id(self.heads[self.heads.len() - 1])
    }

    fn person(&mut self) -> &'static str {
        self.draw.weighed(&[
            (2, "dana"),
            (2, "omar"),
            (9, "sam"),
            (8, "rhea"),
            (5, "noor"),
            (3, "kim"),
            (1, "renovate"),
            (1, "claude"),
        ])
    }

    /// Somebody who takes part beside the author: seldom one of those who review.
    fn helper(&mut self) -> &'static str {
        self.draw.weighed(&[
            (8, "dana"),
            (8, "omar"),
            (3, "kim"),
            (2, "sam"),
            (1, "rhea"),
            (1, "noor"),
            (1, "renovate"),
            (1, "claude"),
        ])
    }

    fn account(&mut self, login: &str) -> Value {
        self.naming.account(login)
    }

    fn time(&mut self) -> Value {
        if self.draw.often(94) { self.draw.pick(TIMES).into() } else { Value::Null }
    }

    fn ident(&mut self, login: &str) -> Value {
        let mut ident = json!({ "name": login, "email": address(login) });
        if self.draw.often(2) {
            ident["email"] = "somebody@elsewhere.example".into();
        } else if self.platform_ids && self.draw.often(97) {
            ident["account"] = self.account(login);
        }
        ident
    }

    fn change(&mut self, head: &str) -> Value {
        let mut change = json!({
            "repository": { "name": "o/r" }, "target": "refs/heads/main", "base_tip": id("base"), "head": head,
        });
        if self.draw.often(4) {
            change["target"] = self.draw.pick(&["refs/heads/release/1", "refs/heads/topic"]).into();
            change["default_branch"] = "refs/heads/main".into();
        }
        if self.platform_ids {
            change["id"] = "7".into();
            let author = self.author;
            if self.draw.often(96) {
                change["opened_by"] = self.account(author);
            }
            if self.draw.often(10) {
                let who = self.helper();
                change["asked_by"] = json!([self.account(who)]);
            }
            self.draw.set(&mut change, "title", 80, |draw| {
                draw.pick(&["fix: the queue", "feat: REQ-1 more", "draft: x"]).into()
            });
            self.draw.set(&mut change, "draft", 12, |draw| draw.often(50).into());
            if self.draw.often(30) {
                let labels = self.draw.some(&["hotfix", "db", "ui"]);
                change["labels"] = labels.iter().map(|name| json!({ "name": name })).collect();
            }
            if self.draw.often(25) {
                change["description"] = self.description(head);
            }
        }
        self.draw.set(&mut change, "fork", 90, |draw| draw.often(12).into());
        self.draw.set(&mut change, "source", 80, |draw| {
            draw.pick(&["refs/heads/topic", "refs/heads/next", "refs/heads/release/1"]).into()
        });
        self.draw.set(&mut change, "diff_id", 70, |_| id("d1").into());
        self.draw.set(&mut change, "merge_tree", 75, |_| id("t1").into());
        self.draw.set(&mut change, "merge_base", 60, |_| id("base").into());
        if self.draw.often(4) {
            let kind = self.draw.pick(&["merge", "squash", "fast-forward", "push"]);
            let tree = id(self.draw.pick(&["t1", "t1", "t0"]));
            change["result"] = json!({ "commit": id("m1"), "tree": tree, "kind": kind });
        }
        change
    }

    fn description(&mut self, head: &str) -> Value {
        let text = self.draw.pick(&["approved", "for REQ-1", "approved at {head}", "> approved"]);
        let who = self.person();
        let mut description =
            json!({ "text": text.replace("{head}", head), "author": self.account(who), "at": 20 });
        if self.draw.often(20) {
            description["edited"] = self.edit(who);
        }
        description
    }

    fn edit(&mut self, giver: &str) -> Value {
        let mut edit = json!({ "at": self.draw.pick(TIMES) });
        if self.draw.often(70) {
            let by = if self.draw.often(60) { giver } else { self.person() };
            edit["by"] = self.account(by);
        }
        edit
    }

    /// A chain of commits, with merges of the target, a side branch, and what else occurs in one.
    fn commits(&mut self) -> Value {
        let number = self.draw.pick(&[1, 1, 2, 2, 3, 4]);
        let mut commits = Vec::new();
        let mut parent = json!({ "sha": id("base"), "in_target": true });
        for name in &COMMITS[..number] {
            let author = if self.draw.often(72) { self.author } else { self.helper() };
            let mut commit = self.commit(name, author);
            commit["parents"] = json!([parent]);
            if !commits.is_empty() && self.draw.often(16) {
                let newer = json!({ "sha": id("newer"), "in_target": self.draw.often(85) });
                commit["parents"] = json!([parent, newer]);
                self.draw
                    .set(&mut commit, "auto_merge_tree", 60, |draw| id(draw.pick(&["tree", "other"])).into());
                self.draw.set(&mut commit, "forge_made", 70, |_| "merge button".into());
            } else if self.draw.often(6) {
                let author = self.helper();
                let mut side = self.commit("s1", author);
                side["parents"] = json!([{ "sha": id("base"), "in_target": true }]);
                commit["parents"] = json!([parent, { "sha": id("s1") }]);
                if commits.iter().all(|commit: &Value| commit["sha"] != side["sha"]) {
                    commits.push(side);
                }
            }
            parent = json!({ "sha": id(name) });
            commits.push(commit);
            self.heads.push(name);
        }
        if self.draw.often(3) {
            // A commit beside the change, or one too few.
            match self.draw.often(50) {
                true => commits.push(self.commit("x1", "sam")),
                false => drop(commits.remove(0)),
            }
        }
        commits.into()
    }

    fn commit(&mut self, name: &str, author: &str) -> Value {
        let committer = if self.draw.often(85) { author } else { self.helper() };
        let mut message = "Work on it\n".to_owned();
        if self.draw.often(12) {
            message.push_str("\nServes REQ-1.\n");
        }
        if self.draw.often(35) {
            message.push('\n');
            for _ in 0..self.draw.pick(&[1, 1, 2]) {
                let trailer = match self.draw.below(7) {
                    0 | 1 => {
                        let who = self.helper();
                        format!("Co-authored-by: {who} <{}>", address(who))
                    }
                    2 => "AI-Assisted: claude-code/opus-4".to_owned(),
                    3 => "AI-Assisted: none".to_owned(),
                    4 => "Co-Authored-By: Claude <noreply@anthropic.com>".to_owned(),
                    5 => format!("Signed-off-by: {author} <{}>", address(author)),
                    _ => self
                        .draw
                        .pick(&[
                            "Helped-by: helper",
                            "Signed-off-by: Claude <noreply@anthropic.com>",
                            "Assisted-by: Claude <claude@example.com>",
                        ])
                        .to_owned(),
                };
                message.push_str(&trailer);
                message.push('\n');
            }
        }
        let mut commit = json!({
            "sha": id(name), "tree": id("tree"), "parents": [], "author": self.ident(author),
            "committer": self.ident(committer), "message": message,
        });
        self.draw.set(&mut commit, "verified", 60, |draw| draw.often(85).into());
        self.draw.set(&mut commit, "forge_made", 8, |_| "web editor".into());
        if self.draw.often(3) {
            commit["in"] = self.draw.pick(&["both", "result"]).into();
        }
        commit
    }

    fn files(&mut self) -> Value {
        let paths =
            ["src/a.rs", "src/flight/b.rs", "docs/x.md", "infra/main.tf", "vendor/c.c", "tests/a_test.rs"];
        let mut files = Vec::new();
        for path in self.draw.some(&paths) {
            let mut file =
                json!({ "path": path, "status": self.draw.pick(&["modified", "added", "deleted"]) });
            if self.draw.often(12) {
                file["status"] = "renamed".into();
                file["previous_path"] = self.draw.pick(&["src/old.rs", "docs/old.md", "infra/old.tf"]).into();
            }
            if self.draw.often(90) {
                file["added"] = self.draw.pick(&[0, 6, 12, 200]).into();
                file["deleted"] = self.draw.pick(&[0, 6]).into();
            } else {
                self.draw.set(&mut file, "binary", 50, |_| true.into());
            }
            self.draw.set(&mut file, "hunks", 30, |draw| {
                draw.pick(&[
                    "@@ -1,2 +1,2 @@\n-let a = 1;\n+let a = 2;\n",
                    "@@ -1,2 +1,3 @@\n fn a() {\n+#[ignore]\n #[test]\n",
                    "@@ -1,2 +0,0 @@\n-#[test]\n-fn a() { assert!(true); }\n",
                ])
                .into()
            });
            files.push(file);
        }
        files.into()
    }

    fn pushes(&mut self) -> Value {
        let mut pushes = Vec::new();
        for head in self.heads.clone() {
            for _ in 0..self.draw.pick(&[0, 1, 1, 1, 1, 2]) {
                let mut push = json!({ "head": id(head) });
                if self.draw.often(95) {
                    let who = if self.draw.often(85) { self.author } else { self.helper() };
                    push["by"] = self.account(who);
                }
                self.draw.set(&mut push, "at", 92, |draw| draw.pick(&[5, 15, 20, 45, 60]).into());
                pushes.push(push);
            }
        }
        pushes.into()
    }

    fn acts(&mut self) -> Value {
        let number = self.draw.pick(&[0, 1, 2, 3, 3, 4, 4, 5, 6]);
        let mut acts: Vec<Value> = (0..number).map(|number| self.act(&format!("a{number}"))).collect();
        // Left to chance, hardly any change has all that it waits for.
        if self.draw.often(45) {
            for (number, who) in self.draw.some(&["sam", "rhea", "noor", "kim"]).into_iter().enumerate() {
                acts.push(self.approval(&format!("b{number}"), who));
            }
        }
        // Somebody says it again, at the same time or another, and has edited one of the two.
        if !acts.is_empty() && self.draw.often(20) {
            let mut again = self.draw.pick(&acts.iter().collect::<Vec<_>>()).clone();
            again["id"] = "again".into();
            if again["signed"].is_null() {
                self.draw.set(&mut again, "at", 70, |draw| draw.pick(TIMES).into());
                let edit = json!({ "at": 95, "by": again["actor"] });
                self.draw.set(&mut again, "edited", 40, |_| edit);
            }
            acts.push(again);
        }
        acts.into()
    }

    /// An approval with which nothing is wrong.
    fn approval(&mut self, name: &str, who: &str) -> Value {
        let text = format!(
            "topology: {who} looked at the queue and what stands behind it\n\nscale: {who} counted a hundred rows a day"
        );
        let head = self.head();
        let at = self.draw.pick(&[80, 90]);
        if !self.platform_ids {
            return json!({ "id": name, "kind": "signed", "actor": {}, "proof": "signature", "signed": {
                "by": who, "decision": "approve", "repository": "o/r", "target": "refs/heads/main", "head": head,
                "diffId": id("d1"), "mergeTree": id("t1"), "text": text, "at": at,
            } });
        }
        json!({
            "id": name, "kind": "approve", "actor": self.account(who), "proof": "forge", "at": at, "head": head,
            "diff_id": id("d1"), "merge_tree": id("t1"), "text": text,
        })
    }

    fn act(&mut self, name: &str) -> Value {
        let who = self.person();
        let kind = self.draw.weighed(&[
            (58, "approve"),
            (8, "request-changes"),
            (16, "comment"),
            (6, "review"),
            (4, "withdraw"),
            (2, "dismiss"),
            (10, "waiver"),
        ]);
        let text = self.text(kind);
        if (!self.platform_ids && self.draw.often(75)) || self.draw.often(4) {
            return self.signed(name, who, kind, text);
        }
        let mut act = json!({ "id": name, "kind": kind, "actor": self.account(who), "proof": "forge" });
        if !self.platform_ids || self.draw.often(4) {
            act["proof"] = "claimed".into();
        }
        if kind == "waiver" && self.platform_ids {
            act["kind"] = "comment".into();
        }
        if self.draw.often(2) {
            act["actor"] = json!({});
        } else if self.platform_ids && self.draw.often(4) {
            // An address that somebody states proves nothing, and may be another's.
            let other = self.person();
            act["actor"]["email"] = address(other).into();
        }
        act["at"] = self.time();
        act["head"] = match self.draw.weighed(&[(80, "head"), (10, "earlier"), (3, "foreign"), (7, "none")]) {
            "head" => self.head().into(),
            "earlier" => id(self.heads[0]).into(),
            "foreign" => id("f1").into(),
            _ => Value::Null,
        };
        if kind == "comment" && self.draw.often(50) {
            act["head"] = Value::Null;
        }
        if act["head"] == self.head() {
            self.draw.set(&mut act, "diff_id", 85, |draw| id(draw.pick(&["d1", "d1", "d1", "d0"])).into());
            self.draw.set(&mut act, "merge_tree", 85, |draw| id(draw.pick(&["t1", "t1", "t1", "t0"])).into());
        }
        act["text"] = text.into();
        self.draw.set(&mut act, "text_integrity", 60, |draw| {
            draw.pick(&["original", "own-edits-only", "editable-by-others"]).into()
        });
        if self.draw.often(9) {
            act["edited"] = self.edit(who);
        }
        self.draw.set(&mut act, "deleted", 4, |_| true.into());
        if self.draw.often(5) {
            act["dismissed"] = self.edit(who);
        }
        if self.draw.often(6) {
            act["change"] = self.draw.pick(&["7", "8"]).into();
        }
        if self.draw.often(5) {
            act["target"] = self.draw.pick(&["refs/heads/main", "refs/heads/next"]).into();
        }
        act.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        act
    }

    /// What is signed stands under `signed`, and is signed when the request is sent.
    fn signed(&mut self, name: &str, who: &str, kind: &str, text: String) -> Value {
        let decision = match kind {
            "request-changes" => "request-changes",
            "withdraw" | "dismiss" => "withdraw",
            "waiver" => "waive",
            _ => "approve",
        };
        let head = if self.draw.often(80) { self.head() } else { id(self.heads[0]) };
        let mut said = json!({
            "by": who, "decision": decision, "repository": self.draw.weighed(&[(30, "o/r"), (1, "o/other")]),
            "target": self.draw.weighed(&[(30, "refs/heads/main"), (1, "refs/heads/next")]), "head": head,
            "diffId": id(self.draw.pick(&["d1", "d1", "d0"])), "mergeTree": id(self.draw.pick(&["t1", "t1", "t0"])),
            "text": text,
        });
        said["at"] = self.time();
        if self.platform_ids {
            said["change"] = self.draw.weighed(&[(20, "7"), (1, "8")]).into();
        }
        if self.draw.often(8) {
            said["fault"] =
                self.draw.pick(&["words", "statement", "namespace", "policy", "key-type", "unknown"]).into();
        }
        said.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        json!({ "id": name, "kind": "signed", "actor": {}, "proof": "signature", "signed": said })
    }

    fn text(&mut self, kind: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        let head = self.head();
        match kind {
            "waiver" => return self.overriding(),
            "comment" | "review" => match self.draw.below(10) {
                0..5 => lines.push(self.draw.pick(APPROVING).to_owned()),
                5..7 => lines.push(self.draw.pick(REFUSING).to_owned()),
                7 => return self.overriding(),
                8 => lines.push(
                    self.draw
                        .pick(&[
                            "> /approve",
                            "> is it safe?\n:-1: no",
                            "> please\n/cancel",
                            "```\n/approve\n```",
                            "`:+1:`",
                        ])
                        .to_owned(),
                ),
                _ => lines.push("nice".to_owned()),
            },
            "approve" if self.draw.often(6) => lines.push(self.draw.pick(REFUSING).to_owned()),
            "approve" if self.draw.often(12) => lines.push(self.draw.pick(APPROVING).to_owned()),
            "request-changes" if self.draw.often(15) => lines.push(self.draw.pick(APPROVING).to_owned()),
            _ => {}
        }
        if self.draw.often(20) {
            lines.push(format!("looked at {}", &head[..12]));
        }
        if self.draw.often(30) {
            lines.extend((0..self.draw.pick(&[1, 2, 2])).map(|_| self.draw.pick(ANSWERS).to_owned()));
        }
        lines.join("\n\n").replace("{head}", &head)
    }

    fn overriding(&mut self) -> String {
        let reason = self.draw.weighed(&[(8, "both seniors are ill and the fix cannot wait"), (1, "ill")]);
        if self.draw.often(35) {
            let head =
                if self.draw.often(70) { format!("\n\nfor {}", &self.head()[..12]) } else { String::new() };
            return format!("break-glass: {reason}{head}");
        }
        let rule = self.draw.pick(&["r1", "r1", "r2", "t1"]);
        let until = self.draw.weighed(&[(8, "1970-01-31"), (1, "1969-12-31"), (1, "tomorrow")]);
        format!("waive: {rule}\nreason: {reason}\nuntil: {until}")
    }

    fn statuses(&mut self) -> Value {
        let number = self.draw.pick(&[0, 1, 1, 2, 3]);
        (0..number)
            .map(|_| {
                let mut status = json!({
                    "context": self.draw.pick(&["build", "lint"]),
                    "state": self.draw.pick(&["success", "success", "failure", "skipped"]),
                });
                status["at"] = self.time();
                let on = if self.draw.often(85) { self.head() } else { id(self.heads[0]) };
                self.draw.set(&mut status, "sha", 90, |_| on.into());
                self.draw.set(
                    &mut status,
                    "source",
                    80,
                    |draw| json!({ "login": draw.pick(&["ci", "dana"]) }),
                );
                status.as_object_mut().unwrap().retain(|_, value| !value.is_null());
                status
            })
            .collect()
    }

    fn people(&mut self) -> Value {
        let mut people = Vec::new();
        for login in PEOPLE {
            if !self.draw.often(95) {
                continue;
            }
            let mut person = json!({ "account": self.account(login) });
            self.draw.set(&mut person, "emails", 95, |_| json!([address(login)]));
            self.draw.set(&mut person, "kind", 70, |_| "human".into());
            self.draw.set(&mut person, "active", 60, |draw| draw.often(95).into());
            self.draw.set(&mut person, "permissions", 70, |draw| {
                json!([draw.pick(&["write", "admin", "read", "none"])])
            });
            self.draw.set(&mut person, "roles", 20, |draw| json!([draw.pick(&["auditor", "lead"])]));
            self.draw.set(&mut person, "unreadable", 3, |_| true.into());
            if self.draw.often(6) {
                let other = self.draw.pick(&["sam-work", "noor", "kim"]);
                person["also"] = json!([{ "login": other, "id": number(other) }]);
            }
            people.push(person);
        }
        for (login, kind) in PROGRAMS.iter().zip(["bot", "tool"]) {
            if self.draw.often(85) {
                people.push(
                    json!({ "account": self.account(login), "emails": [address(login)], "kind": kind }),
                );
            }
        }
        people.into()
    }

    fn groups(&mut self) -> Value {
        let mut groups = Vec::new();
        for name in GROUPS {
            if !self.draw.often(92) {
                continue;
            }
            let mut group = json!({ "name": name, "members": [] });
            for list in ["members", "inherited"] {
                let logins = self.draw.some(PEOPLE);
                group[list] = logins.into_iter().map(|login| self.account(login)).collect();
            }
            self.draw.set(&mut group, "unreadable", 4, |_| true.into());
            groups.push(group);
        }
        groups.into()
    }

    /// What decides beside the policies, and what speaks of AI.
    fn documents(&mut self, policies: &Policies) -> Value {
        let mut documents = Vec::new();
        let mut add = |role: &str, path: &str, bytes: &str| {
            documents.push(json!({
                "role": role, "source": "test", "path": path, "commit": id("base"), "digest": format!("sha256:{role}"), "bytes": bytes,
            }));
        };
        add("policy", ".countersign/policy.yaml", "");
        if policies.base.is_some() {
            add("extends", BASE, "");
        }
        let owners = &policies.base.as_ref().unwrap_or(&policies.policy)["codeowners"];
        let dialect = owners["dialect"].as_str().or(owners.as_str());
        if dialect.is_some() && self.draw.often(93) {
            let globs = [
                "* @sam",
                "*.rs @rhea @noor",
                "/docs/ @omar @o/docs",
                "/infra/ @noor",
                "/vendor/",
                "src/ @o/core",
            ];
            let expressions = [
                ".* @sam",
                ".*\\.rs @rhea @noor",
                "docs/.* @omar @o/docs",
                "infra/.* @noor",
                "src/.* @o/core",
                "!src/.* @kim",
            ];
            let mut lines = match dialect {
                Some("gitea") => self.draw.some(&expressions),
                _ => self.draw.some(&globs),
            };
            if dialect == Some("gitlab") && self.draw.often(40) {
                lines.insert(1, self.draw.pick(&["[Docs][2] @kim @omar", "^[Optional]", "!*.md"]));
            }
            if self.draw.often(3) {
                lines.push("*.c nobody");
            }
            add("codeowners", "CODEOWNERS", &format!("{}\n", lines.join("\n")));
        }
        if self.draw.often(20) {
            let line = self.draw.pick(&[
                "Sam <sam@example.com> <sam@home.example>",
                "Rhea <rhea@example.com> <omar@example.com>",
                "Noor <noor@example.com> Somebody <somebody@elsewhere.example>",
            ]);
            add("mailmap", ".mailmap", &format!("{line}\n"));
        }
        // Where the address is the person, lines name addresses.
        let principal = |login: &str| if self.platform_ids { login.to_owned() } else { address(login) };
        let signers = ["sam", "rhea", "noor", "dana"].map(|login| (login, principal(login)));
        let signers = crate::signing::allowed(&signers, "kim");
        add("allowed-signers", ".countersign/allowed_signers", &signers);
        if self.draw.often(4) {
            add("revoked-keys", ".countersign/revoked_keys", &crate::signing::revoked("noor"));
        }
        if self.draw.often(80) {
            add("requirements", LIST, self.draw.pick(&["REQ-1 it works\n", "REQ-2 it is fast\n"]));
        }
        if self.draw.often(8) {
            add(
                "break-glass",
                "/etc/countersign/break-glass.yaml",
                "countersign: 1\npeople: { admins: { users: [noor] } }\nbreak-glass: { by: admins }\n",
            );
        }
        if self.draw.often(10) {
            let revision = id(self.heads[0]);
            let trace = json!({
                "version": "0.1", "vcs": { "revision": revision }, "tool": { "name": "cursor" },
                "files": [{ "path": "src/a.rs", "conversations": [{
                    "contributor": { "type": "ai", "model_id": "anthropic/claude-opus-4-5" },
                    "ranges": [{ "start_line": 1, "end_line": 9 }],
                }] }],
            });
            let text = if self.draw.often(90) { trace.to_string() } else { "no record\n".to_owned() };
            add("trace", ".agent-trace/traces.jsonl", &text);
        }
        documents.into()
    }

    /// Which facts are whole, which could not be had, and which this platform does not have.
    fn facts(&mut self, request: &mut Value) {
        let mut complete: Vec<&str> = FACTS.to_vec();
        if !self.platform_ids {
            let absent = ["pushes", "opener", "requester", "people", "groups", "statuses", "text"];
            complete.retain(|fact| !absent.contains(fact));
            request["absent"] = json!(absent);
        }
        if self.draw.often(14) {
            for fact in self.draw.some(FACTS) {
                if fact == "documents" {
                    continue;
                }
                if self.draw.often(70) {
                    complete.retain(|known| *known != fact);
                }
                if self.draw.often(50) {
                    let missing = json!({ "fact": fact, "reason": "the forge is down" });
                    match request["unavailable"].as_array_mut() {
                        Some(list) => list.push(missing),
                        None => request["unavailable"] = json!([missing]),
                    }
                }
            }
        }
        request["complete"] = json!(complete);
        if self.draw.often(10) {
            let digest = crate::case::digest("none outside the queue which drains first");
            let change = self.draw.pick(&["5", "7"]);
            request["history"] =
                json!({ "answers": [{ "question": "topology", "digest": digest, "change": change }] });
        }
        if self.draw.often(2) {
            request["history"]["audited"] = id(self.draw.pick(&["base", "older"])).into();
        }
    }
}
