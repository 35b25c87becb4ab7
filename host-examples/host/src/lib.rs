/*!
What every native host of Countersign shares: the [module](mod@module) in its sandbox, and the [collector](collect) of
facts from [git].

A host copies facts, asks the module, and acts on the answer. If you are about to interpret something here, it belongs
into `plugin/core`.

```
use countersign_host::module::{Function, Module};

let module = Module::embedded()?;
let answer = module.call(Function::Describe, b"")?;
assert!(answer.contains(r#""contract":"0.1.0""#));
# Ok::<(), Box<dyn std::error::Error>>(())
```
*/

pub mod ci;
pub mod cli;
pub mod collect;
pub mod forge;
pub mod git;
pub mod judged;
pub mod module;
pub mod pushes;
pub mod signing;
pub mod signoffs;
pub mod statements;

mod engine;
