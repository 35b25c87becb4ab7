//! The one configuration of the engine. Code compiled with another is refused when it is loaded, so the build script
//! and the host share this file.

use wasmtime::{Config, Engine, OptLevel, PoolingAllocationConfig};

/// Calls that may run at once in one engine.
const INSTANCES: u32 = 64;
/// Bytes of memory that a slot keeps between calls.
const RESIDENT: usize = 2 << 20;

/// Whether what is compiled counts its own steps. Counting takes a fifth of the time of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metering {
    /// It does not; the epoch ends a call that takes too long.
    None,
    /// In units of fuel, about one an instruction.
    #[allow(dead_code, reason = "the build script compiles what is run, and measures nothing")]
    Fuel,
}

/// An engine that obeys epochs. `target` names the machine to compile for; none is this one.
pub fn engine(target: Option<&str>, metering: Metering) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(metering == Metering::Fuel)
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .generate_address_map(false)
        .native_unwind_info(false);
    // A slot that is used again keeps the pages that a call of ordinary size touches, so that the next call does not
    // fault them in one by one; they are cleared in between all the same.
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(INSTANCES)
        .total_core_instances(INSTANCES)
        .total_memories(INSTANCES)
        .total_tables(2 * INSTANCES)
        .linear_memory_keep_resident(RESIDENT)
        .table_keep_resident(16 << 10)
        .pagemap_scan(wasmtime::Enabled::Auto);
    config.allocation_strategy(pool);
    if let Some(target) = target {
        config.target(target)?;
    }
    Engine::new(&config)
}
