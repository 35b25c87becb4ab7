//! Rego, in regorus: the policy is all of it.

use anyhow::Context;
use regorus::{Engine as Rego, Value};

use crate::Engine;

pub fn engine() -> anyhow::Result<Engine> {
    let mut rego = Rego::new();
    rego.add_policy("policy.rego".into(), include_str!("../policy.rego").into())?;
    Ok(Box::new(move |request| {
        rego.set_input(Value::from_json_str(request)?);
        let blocking = rego.eval_rule("data.bench.blocking".into())?;
        let names = blocking.as_set()?.iter().map(|name| Ok(name.as_string()?.to_string()));
        names.collect::<anyhow::Result<_>>().context("names of rules")
    }))
}
