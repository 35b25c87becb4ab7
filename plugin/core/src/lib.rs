/*!
Every rule of Countersign, in pure Rust: what AI contributed to a change, which sign-offs it needs, which count.

The functions of the contract take one JSON document and give one, or a typed [`Error`]. Nothing
else reaches them, the time included, so the same bytes in give the same bytes out in every packaging.

```
let request = br#"{"apiVersion": "countersign/v1", "commits": [{
    "id": "1",
    "message": "fix: clamp page size\n\nAI-Assisted: amazon-q/2026-03\n",
    "author": {"name": "Dev", "email": "dev@example.com"}
}]}"#;
let findings = countersign_core::provenance(request).unwrap();
assert!(findings.contains(r#""tool":"amazon-q","model":"2026-03","source":"trailer""#));
```

A policy is YAML, and every fault in one has a place:

```
let source = br#"{"apiVersion": "countersign/v1", "name": "policy.yaml", "bytes": "countersign: 1\nname: x\nrulez: []\n"}"#;
let report = countersign_core::check_policy(source).unwrap();
assert!(report.contains("unknown key `rulez`"));
assert!(report.contains(r#""line":3,"column":1"#));
```

A limit is a limit everywhere, and an error is a document too:

```
let error = countersign_core::evaluate(b"[1, 2").unwrap_err();
assert!(error.to_document().contains(r#""error":"bad-request""#));
```

Inside, a change flows one way, and each module knows only those above it: [`model`], [`keys`],
[`provenance`](mod@provenance), `change`, `history`, `signals`, `policy`, `signoff`, `decide`, `render`.
*/

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod change;
mod decide;
mod digest;
mod error;
mod facade;
mod history;
pub mod keys;
pub mod limits;
mod memory;
pub mod model;
mod order;
pub mod policy;
pub mod provenance;
mod render;
mod signals;
pub mod signoff;
pub mod wellknown;

pub use decide::{
    answered_by, answerers, facts, is_overridden, publication, shell_word, skeleton, status_line,
};
pub use error::{Error, ErrorDocument, ErrorKind};
pub use facade::{
    FUNCTIONS, call, check_policy, describe, evaluate, guard, needs, provenance, ranges, render, test_policy,
};
pub use model::visible;
pub use policy::likely;
pub use render::{html_text, plain};
