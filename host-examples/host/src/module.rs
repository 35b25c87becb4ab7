//! Runs the module: a fresh instance for every call, without imports, under a deadline and a limit of memory.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Engine, ResourceLimiter, Store, Trap};

use crate::engine::{Metering, engine};

mod bindings {
    wasmtime::component::bindgen!({ path: "../../plugin/wit", world: "module" });
}

use bindings::ModulePre;
use bindings::exports::countersign::gate::gate::Error as GateError;

/// The contract that this host speaks.
pub const CONTRACT_VERSION: &str = countersign_core::model::CONTRACT_VERSION;

const EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/countersign.component.wasm"));
const EMBEDDED_COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/countersign.cwasm"));

/// Backstops above the limits that the module counts itself.
#[derive(Debug, Clone, Copy)]
pub struct Backstops {
    /// Ticks of [`TICK`] that a call may take.
    pub ticks: u64,
    /// Bytes of linear memory.
    pub memory: usize,
}

impl Default for Backstops {
    fn default() -> Self {
        Backstops { ticks: 1_200, memory: 3 << 30 }
    }
}

/// Length of a tick of the epoch.
pub const TICK: Duration = Duration::from_millis(100);

/// Why a module could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file could not be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The path of the module.
        path: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file is not the one that was asked for.
    #[error("{path} is not the module that was asked for: expected sha256 {expected}, found {found}")]
    WrongDigest {
        /// The path of the module.
        path: String,
        /// The SHA-256 that was asked for.
        expected: String,
        /// The SHA-256 of the file.
        found: String,
    },
    /// The module names no contract.
    #[error("{path} is no Countersign module: it has no custom section `countersign:contract`")]
    NoContract {
        /// The path of the file.
        path: String,
    },
    /// The module speaks another major version.
    #[error(
        "{path} speaks contract {theirs}, and this host speaks {ours}: take a module or a host of the same major version"
    )]
    OtherContract {
        /// The path of the module.
        path: String,
        /// The version of the contract that the module implements.
        theirs: String,
        /// The version of the contract that the host speaks.
        ours: &'static str,
    },
    /// The module asks for imports, or cannot be compiled.
    #[error("{path} cannot be run: {reason}")]
    Unusable {
        /// The path of the module.
        path: String,
        /// The reason why wasmtime cannot run it.
        reason: String,
    },
}

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The module gave a typed error: the error document, in JSON.
    #[error("{}", message_of(.0))]
    Refused(String),
    /// The call took longer than its deadline.
    #[error("cannot evaluate: the module took longer than it may")]
    Deadline,
    /// The call wanted more memory than its cap.
    #[error("cannot evaluate: the module wanted more memory than it may have")]
    Memory,
    /// The module trapped: an error of the module, in wasmtime's words.
    #[error("cannot evaluate: the module failed ({0})")]
    Trap(String),
}

/// The message of an error document.
fn message_of(document: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
    let text = |key: &str| document.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    let message = text("message").unwrap_or_else(|| "the module refused the input".to_owned());
    match text("help") {
        Some(help) => format!("{message}\n  help: {help}"),
        None => message,
    }
}

/// The functions of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Versions, functions and limits.
    Describe,
    /// Facts that are missing.
    Needs,
    /// What is judged next of a branch.
    Ranges,
    /// `evaluate`: a request in, a decision out.
    Evaluate,
    /// What commits say about AI.
    Provenance,
    /// The faults of a policy.
    CheckPolicy,
    /// What a policy says of the cases beside it.
    TestPolicy,
    /// The verdict about an operation.
    Guard,
    /// A document as text.
    Render,
}

impl Function {
    /// All of them.
    pub const ALL: [Function; 9] = [
        Function::Describe,
        Function::Needs,
        Function::Ranges,
        Function::Evaluate,
        Function::Provenance,
        Function::CheckPolicy,
        Function::TestPolicy,
        Function::Guard,
        Function::Render,
    ];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Function::Describe => "describe",
            Function::Needs => "needs",
            Function::Ranges => "ranges",
            Function::Evaluate => "evaluate",
            Function::Provenance => "provenance",
            Function::CheckPolicy => "check-policy",
            Function::TestPolicy => "test-policy",
            Function::Guard => "guard",
            Function::Render => "render",
        }
    }
}

/// A module, compiled and checked.
pub struct Module {
    engine: Engine,
    pre: ModulePre<State>,
    bytes: Cow<'static, [u8]>,
    /// Hashing takes longer than most calls, and few ask.
    digest: OnceLock<String>,
    origin: String,
    backstops: Backstops,
    metering: Metering,
    /// Calls since the module was loaded, in the order of [`Function::ALL`].
    calls: [AtomicU64; Function::ALL.len()],
    _ticker: Ticker,
}

struct State {
    memory: usize,
    peak: usize,
    denied: bool,
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let granted = desired <= self.memory;
        self.peak = self.peak.max(desired);
        self.denied |= !granted;
        Ok(granted)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= 100_000)
    }
}

/// Moves the epoch on while a module lives.
struct Ticker(Arc<AtomicBool>);

impl Ticker {
    fn start(engine: &Engine) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.weak(), stop.clone());
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
        });
        Ticker(stop)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Module {
    /// The module that this host was built with.
    ///
    /// # Errors
    /// When this machine cannot run what was compiled for it.
    pub fn embedded() -> Result<Self, LoadError> {
        let origin = "the embedded module".to_owned();
        let unusable =
            |e: wasmtime::Error| LoadError::Unusable { path: origin.clone(), reason: format!("{e:#}") };
        let engine = engine(None, Metering::None).map_err(unusable)?;
        // SAFETY: the bytes were compiled by this crate's build script and are part of this binary; nobody else writes
        // them.
        let component = unsafe { Component::deserialize(&engine, EMBEDDED_COMPILED) }.map_err(unusable)?;
        Self::new(engine, &component, EMBEDDED.into(), origin.clone(), Metering::None)
    }

    /// The module that this host was built with, compiled anew so that it counts its steps: for measuring.
    ///
    /// # Errors
    /// When it cannot be compiled.
    pub fn metered() -> Result<Self, LoadError> {
        Self::compiled(EMBEDDED.into(), "the embedded module".to_owned(), Metering::Fuel)
    }

    /// A module from a file, whose digest must be the one given.
    ///
    /// # Errors
    /// When the file is another one, speaks another contract, or wants imports.
    pub fn from_file(path: &Path, sha256: &str) -> Result<Self, LoadError> {
        let origin = path.display().to_string();
        let bytes =
            std::fs::read(path).map_err(|source| LoadError::Unreadable { path: origin.clone(), source })?;
        let found = sha256_hex(&bytes);
        if !found.eq_ignore_ascii_case(sha256.trim()) {
            return Err(LoadError::WrongDigest { path: origin, expected: sha256.trim().to_owned(), found });
        }
        Self::from_bytes(bytes, origin)
    }

    /// A module from bytes whose digest is known to be right; `origin` says for a person where they come from.
    ///
    /// # Errors
    /// When they are none, speak another contract, or want imports.
    pub fn from_bytes(bytes: Vec<u8>, origin: String) -> Result<Self, LoadError> {
        check_contract(&bytes, &origin)?;
        Self::compiled(bytes.into(), origin, Metering::None)
    }

    fn compiled(bytes: Cow<'static, [u8]>, origin: String, metering: Metering) -> Result<Self, LoadError> {
        let unusable =
            |e: wasmtime::Error| LoadError::Unusable { path: origin.clone(), reason: format!("{e:#}") };
        let engine = engine(None, metering).map_err(unusable)?;
        let component = Component::new(&engine, &bytes).map_err(unusable)?;
        Self::new(engine, &component, bytes, origin.clone(), metering)
    }

    fn new(
        engine: Engine,
        component: &Component,
        bytes: Cow<'static, [u8]>,
        origin: String,
        metering: Metering,
    ) -> Result<Self, LoadError> {
        let unusable =
            |e: wasmtime::Error| LoadError::Unusable { path: origin.clone(), reason: format!("{e:#}") };
        // An empty linker: a module that imports anything at all is refused here.
        let linker: Linker<State> = Linker::new(&engine);
        let pre: InstancePre<State> = linker.instantiate_pre(component).map_err(unusable)?;
        let pre = ModulePre::new(pre).map_err(unusable)?;
        let ticker = Ticker::start(&engine);
        Ok(Module {
            engine,
            pre,
            bytes,
            digest: OnceLock::new(),
            origin,
            backstops: Backstops::default(),
            metering,
            calls: Default::default(),
            _ticker: ticker,
        })
    }

    /// Sets other backstops.
    #[must_use]
    pub fn with_backstops(mut self, backstops: Backstops) -> Self {
        self.backstops = backstops;
        self
    }

    /// SHA-256 of the component, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        self.digest.get_or_init(|| sha256_hex(&self.bytes))
    }

    /// How often a function was called since the module was loaded, with answer or without.
    pub fn calls(&self, function: Function) -> u64 {
        self.calls[function as usize].load(Ordering::Relaxed)
    }

    /// The component itself.
    pub fn component(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the module came from, for a person.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Size of the component in bytes, when it is the embedded one.
    pub fn embedded_size() -> usize {
        EMBEDDED.len()
    }

    /// A document as the module shows it.
    ///
    /// # Errors
    /// When the document is none that it renders in this format, or the call fails.
    pub fn render(
        &self,
        document: &str,
        format: &str,
        colour: bool,
        continued: bool,
    ) -> Result<String, CallError> {
        // The document is JSON already, and goes in as it is.
        let request = format!(
            r#"{{"format":"{format}","colour":{colour},"continued":{continued},"document":{document}}}"#
        );
        self.call(Function::Render, request.as_bytes())
    }

    /// Calls a function of the contract.
    ///
    /// # Errors
    /// The module's own typed error, or the backstop that ended the call.
    pub fn call(&self, function: Function, input: &[u8]) -> Result<String, CallError> {
        self.measured_call(function, input).map(|(answer, _)| answer)
    }

    /// Calls a function, and tells what it cost.
    ///
    /// # Errors
    /// As [`Module::call`].
    pub fn measured_call(&self, function: Function, input: &[u8]) -> Result<(String, Cost), CallError> {
        self.calls[function as usize].fetch_add(1, Ordering::Relaxed);
        let mut store =
            Store::new(&self.engine, State { memory: self.backstops.memory, peak: 0, denied: false });
        store.limiter(|state| state);
        store.set_epoch_deadline(self.backstops.ticks);
        if self.metering == Metering::Fuel {
            store.set_fuel(u64::MAX).map_err(|e| CallError::Trap(e.to_string()))?;
        }
        let result = self.pre.instantiate(&mut store).and_then(|module| {
            let gate = module.countersign_gate_gate();
            match function {
                Function::Describe => gate.call_describe(&mut store).map(Ok),
                Function::Needs => gate.call_needs(&mut store, input),
                Function::Ranges => gate.call_ranges(&mut store, input),
                Function::Evaluate => gate.call_evaluate(&mut store, input),
                Function::Provenance => gate.call_provenance(&mut store, input),
                Function::CheckPolicy => gate.call_check_policy(&mut store, input),
                Function::TestPolicy => gate.call_test_policy(&mut store, input),
                Function::Guard => gate.call_guard(&mut store, input),
                Function::Render => gate.call_render(&mut store, input),
            }
        });
        let fuel = store.get_fuel().ok().map(|left| u64::MAX - left);
        match result {
            Ok(Ok(answer)) => Ok((answer, Cost { fuel, memory: store.data().peak })),
            Ok(Err(
                GateError::BadRequest(document)
                | GateError::BadPolicy(document)
                | GateError::OverLimit(document)
                | GateError::NotYet(document),
            )) => Err(CallError::Refused(document)),
            Err(e) => Err(match e.downcast_ref::<Trap>() {
                _ if store.data().denied => CallError::Memory,
                Some(Trap::Interrupt) => CallError::Deadline,
                Some(trap) => CallError::Trap(trap.to_string()),
                None => CallError::Trap(format!("{e:#}")),
            }),
        }
    }
}

/// The fuel and the memory that a call cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Units of fuel, where the module is a metered one.
    pub fuel: Option<u64>,
    /// Most bytes of linear memory at once.
    pub memory: usize,
}

/// SHA-256 in hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads the contract's version out of a module, without running it.
pub fn contract_of(module: &[u8]) -> Option<String> {
    let mut version = None;
    let mut depth = 0_usize;
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        match payload.ok()? {
            wasmparser::Payload::Version { .. } => depth += 1,
            wasmparser::Payload::End(_) => depth = depth.saturating_sub(1),
            wasmparser::Payload::CustomSection(section)
                if depth == 1 && section.name() == "countersign:contract" =>
            {
                version = String::from_utf8(section.data().to_vec()).ok();
            }
            _ => {}
        }
    }
    version
}

/// Whether a module of this version can be hosted: the same major, and before 1.0 the same minor.
fn check_contract(module: &[u8], path: &str) -> Result<(), LoadError> {
    let theirs = contract_of(module).ok_or_else(|| LoadError::NoContract { path: path.to_owned() })?;
    let line = |version: &str| {
        let mut parts = version.split('.').map(str::to_owned);
        let major = parts.next();
        let minor = (major.as_deref() == Some("0")).then(|| parts.next()).flatten();
        (major, minor)
    };
    if line(&theirs) == line(CONTRACT_VERSION) {
        return Ok(());
    }
    Err(LoadError::OtherContract { path: path.to_owned(), theirs, ours: CONTRACT_VERSION })
}
