/*!
A client of the web API of a forge.

[`Api`] asks one question at a time and answers or fails within the time that it was given. [Lists](End) come whole, or an error
says why they may not be. An [error](ApiError) says whether the same question may be answered later. What differs between forges
is data: a [`Dialect`] says how an API is addressed and how it cuts lists into pages, a [`Credential`] says who asks.

The shapes of answers are the caller's, as types that serde reads.

```no_run
use std::time::Duration;

use countersign_api::{Api, Credential, Dialect, End, Entry, Pages};

static GITEA: Dialect = Dialect {
    base: "/api/v1",
    user_agent: "example/1.0",
    pages: Pages { size: "limit", most: 50, cap: None, total: "X-Total-Count" },
};

#[derive(serde::Deserialize)]
struct Branch {
    name: String,
}

impl Entry for Branch {
    fn id(&self) -> String {
        self.name.clone()
    }
}

let token = Credential::authorization("token", "0123456789abcdef");
let api = Api::new(&GITEA, "https://git.example.com/", token, Duration::from_secs(20));
let branches: Vec<Branch> = api.list(End::Counted, "/repos/acme/app/branches")?;
# Ok::<(), countersign_api::ApiError>(())
```
*/

mod client;
mod dialect;
mod error;
mod paging;

pub use client::Api;
pub use dialect::{Cap, Credential, Dialect, Pages};
pub use error::ApiError;
pub use paging::{Doubt, End, Entry};
