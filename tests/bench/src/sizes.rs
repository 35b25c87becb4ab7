//! Sizes of the three packagings, raw and compressed.

use crate::{budget, say};

/// Bytes of the component. A third of it reads YAML, Markdown, expressions and signatures.
const COMPONENT: u64 = 2_000_000;
/// Bytes of the browser's module, compressed.
const WEB: u64 = 460_000;

pub fn sizes() -> anyhow::Result<bool> {
    let version = countersign_packaging::contract_version()?;
    let folder = countersign_packaging::workspace().join("target/packagings");
    std::fs::create_dir_all(&folder)?;
    let component = countersign_packaging::component(&version)?;
    let extism = countersign_packaging::extism(&version)?;
    countersign_packaging::web(&version, &folder.join("web"))?;
    let web = std::fs::read(folder.join("web/countersign_web_bg.wasm"))?;
    let within = budget("size.component", component.len() as u64, COMPONENT, "B");
    say("size.component.brotli", brotli(&component)?, "B");
    say("size.extism", extism.len(), "B");
    say("size.extism.brotli", brotli(&extism)?, "B");
    say("size.web", web.len(), "B");
    Ok(budget("size.web.brotli", brotli(&web)? as u64, WEB, "B") && within)
}

fn brotli(bytes: &[u8]) -> anyhow::Result<usize> {
    let mut out = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &parameters)?;
    Ok(out.len())
}
