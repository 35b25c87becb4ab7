//! The one configuration of the engine. Code compiled with another is refused when it is loaded, so the build script
//! and the host share this file.

use wasmtime::{Config, Engine, OptLevel};

/// An engine that counts fuel and obeys epochs. `target` names the machine to compile for; none is this one.
pub fn engine(target: Option<&str>) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .generate_address_map(false)
        .native_unwind_info(false);
    if let Some(target) = target {
        config.target(target)?;
    }
    Engine::new(&config)
}
