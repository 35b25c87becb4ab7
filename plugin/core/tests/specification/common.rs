//! Changes on a forge, made of JSON as a host would send it.

use serde_json::{Value, json};

/// Forty digits for a short name.
pub fn id(name: &str) -> String {
    let mut digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    digits.truncate(40);
    while digits.len() < 40 {
        digits.push('0');
    }
    digits
}

pub fn account(login: &str) -> Value {
    json!({ "login": login })
}

pub fn ident(login: &str) -> Value {
    json!({ "name": login, "email": format!("{login}@example.com"), "account": account(login) })
}

/// A change with one commit by `dana`, opened by `dana`, on which nobody acted; two seniors, `sam` and `rhea`.
pub struct Case {
    pub request: Value,
    pub policy: String,
    /// Documents beside the policy.
    pub documents: Vec<Value>,
}

pub const POLICY: &str = "\
countersign: 1
name: test
people:
  seniors: { users: [sam, rhea] }
rules:
  - name: sign-off
    require: [{ approvals: 1, by: seniors }]
";

impl Case {
    pub fn new() -> Self {
        Self::under(POLICY)
    }

    pub fn under(policy: &str) -> Self {
        let request = json!({
            "apiVersion": "countersign/v1",
            "trigger": {
                "kind": "webhook", "host": { "name": "test" }, "platform": { "name": "forge" }, "now": 1_000_000,
            },
            "change": {
                "repository": { "name": "o/r" }, "id": "7", "target": "refs/heads/main",
                "base_tip": id("base"), "head": id("c1"), "opened_by": account("dana"), "fork": false,
            },
            "commits": [],
            "files": [{ "path": "src/x.rs", "status": "modified", "added": 1, "deleted": 1 }],
            "pushes": [], "acts": [], "statuses": [], "people": [], "groups": [],
            "complete": [
                "documents", "commits", "files", "acts", "pushes", "people", "groups", "opener", "requester",
                "statuses", "text", "notes", "traces",
            ],
        });
        let mut case = Case { request, policy: policy.to_owned(), documents: Vec::new() };
        case.commit("c1", &["base"]);
        case
    }

    /// Adds a commit by dana; what is not a commit of the change is in the target.
    pub fn commit(&mut self, name: &str, parents: &[&str]) -> &mut Value {
        let known = self.request["commits"].as_array().unwrap();
        let own = |parent: &str| known.iter().any(|commit| commit["sha"] == id(parent));
        let parents: Vec<Value> =
            parents.iter().map(|parent| json!({ "sha": id(parent), "in_target": !own(parent) })).collect();
        let commit = json!({
            "sha": id(name), "tree": id(&format!("t{name}")), "parents": parents,
            "author": ident("dana"), "committer": ident("dana"), "message": "Work\n",
        });
        self.request["change"]["head"] = id(name).into();
        self.push("commits", commit)
    }

    pub fn push(&mut self, list: &str, item: Value) -> &mut Value {
        let list = self.request[list].as_array_mut().unwrap();
        list.push(item);
        list.last_mut().unwrap()
    }

    /// An act on the head, at a time of its own.
    pub fn act(&mut self, login: &str, kind: &str) -> &mut Value {
        let number = self.request["acts"].as_array().unwrap().len();
        let head = self.request["change"]["head"].clone();
        let act = json!({
            "id": format!("act-{number}"), "kind": kind, "actor": account(login), "proof": "forge",
            "at": 100 + number, "head": head,
        });
        self.push("acts", act)
    }

    /// Makes it a request as plain git gives it: nobody logged in, and a person is an address.
    pub fn leave_the_forge(&mut self) {
        let absent = ["pushes", "opener", "requester", "people", "text"];
        self.request["absent"] = json!(absent);
        let complete = self.request["complete"].as_array_mut().unwrap();
        complete.retain(|fact| !absent.contains(&fact.as_str().unwrap()));
        self.request["change"].as_object_mut().unwrap().remove("opened_by");
        self.request["trigger"]["kind"] = "check".into();
        self.request["trigger"]["platform"]["name"] = "git".into();
        let ident = json!({ "name": "Dana", "email": "dana@example.com" });
        (self.request["commits"][0]["author"], self.request["commits"][0]["committer"]) =
            (ident.clone(), ident);
    }

    /// Makes it a request of a platform that knows of every push.
    pub fn say_who_pushed(&mut self) {
        self.request["absent"].as_array_mut().unwrap().retain(|fact| fact != "pushes");
        self.push("complete", "pushes".into());
    }

    /// Adds a document of the target.
    pub fn document(&mut self, role: &str, path: &str, bytes: &str) -> &mut Value {
        let digest = format!("sha256:{}", self.documents.len());
        let document =
            json!({ "role": role, "source": "test", "path": path, "digest": digest, "bytes": bytes });
        self.documents.push(document);
        self.documents.last_mut().unwrap()
    }

    pub fn file(&mut self, path: &str) {
        self.push("files", json!({ "path": path, "status": "modified" }));
    }

    pub fn comment(&mut self, login: &str, text: &str) -> &mut Value {
        let act = self.act(login, "comment");
        act["text"] = text.into();
        act
    }

    /// The request, with its documents.
    pub fn whole(&self) -> Value {
        let mut request = self.request.clone();
        let policy =
            json!({ "role": "policy", "source": "test", "digest": "sha256:p", "bytes": self.policy });
        // A target without a policy is one whose policy says nothing at all.
        request["documents"] = if self.policy.is_empty() { json!([]) } else { json!([policy]) };
        request["documents"].as_array_mut().unwrap().extend(self.documents.iter().cloned());
        request
    }

    /// What the module decides, or the typed error.
    pub fn answer(&self) -> Result<Value, Value> {
        match countersign_core::evaluate(self.whole().to_string().as_bytes()) {
            Ok(answer) => Ok(serde_json::from_str(&answer).unwrap()),
            Err(error) => Err(serde_json::from_str(&error.to_document()).unwrap()),
        }
    }

    pub fn outcome(&self) -> String {
        match self.answer() {
            Ok(decision) => decision["outcome"].as_str().unwrap().to_owned(),
            Err(error) => error["error"].as_str().unwrap().to_owned(),
        }
    }

    /// The code of each act, in order, for the first requirement that was judged.
    pub fn codes(&self) -> Vec<String> {
        let decision = self.answer().unwrap();
        let rules = decision["rules"].as_array().unwrap();
        let requirement =
            rules.iter().find_map(|rule| rule["requirements"].get(0)).cloned().unwrap_or_default();
        let acts = requirement["acts"].as_array().cloned().unwrap_or_default();
        acts.iter().map(|act| act["code"].as_str().unwrap().to_owned()).collect()
    }

    pub fn rule_code(&self, name: &str) -> String {
        let decision = self.answer().unwrap();
        let rules = decision["rules"].as_array().unwrap();
        rules.iter().find(|rule| rule["name"] == name).unwrap()["code"].as_str().unwrap().to_owned()
    }
}

/// A change under options for its rule.
pub fn with(options: &str) -> Case {
    Case::under(&POLICY.replace("require:", &format!("options: {{ {options} }}\n    require:")))
}

/// A change whose approvals come from this set of people.
pub fn people(set: &str) -> Case {
    Case::under(&POLICY.replace("{ users: [sam, rhea] }", set))
}

/// The acts of the first requirement, as the decision has them.
pub fn acts(case: &Case) -> Vec<Value> {
    case.answer().unwrap()["rules"][0]["requirements"][0]["acts"].as_array().cloned().unwrap_or_default()
}

/// The first requirement, as the decision has it.
pub fn requirement(case: &Case) -> Value {
    case.answer().unwrap()["rules"][0]["requirements"][0].clone()
}

/// A person as a commit names one whom no account is known for.
pub fn stranger(email: &str) -> Value {
    json!({ "name": "Somebody", "email": email })
}

/// A change in plain git, with these identities, that sam approves by hand.
pub fn on_git(identities: &str) -> Case {
    let policy = POLICY.replace("rules:", &format!("identities: {identities}\nrules:"));
    let mut case = Case::under(&policy);
    case.leave_the_forge();
    case.act("sam", "approve")["proof"] = "claimed".into();
    case
}
