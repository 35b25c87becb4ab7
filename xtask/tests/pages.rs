//! What the pages of the repository name is there: every relative link with its anchor, and every path in backticks.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files that git tracks, or would if they were added.
fn files() -> Vec<String> {
    let listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(listed).current_dir(root()).output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    listed.split_terminator('\0').filter(|path| root().join(path).exists()).map(str::to_owned).collect()
}

/// What a page has of headings, links and code, as readers see it.
#[derive(Default)]
struct Page {
    anchors: BTreeSet<String>,
    links: Vec<String>,
    code: Vec<String>,
}

impl Page {
    fn of(text: &str) -> Self {
        let (mut page, mut heading) = (Page::default(), None::<String>);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.extend(heading.take().map(|text| anchor(&text)))
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Text(text) => heading.iter_mut().for_each(|heading| heading.push_str(&text)),
                Event::Code(text) => {
                    heading.iter_mut().for_each(|heading| heading.push_str(&text));
                    page.code.push(text.into_string());
                }
                _ => {}
            }
        }
        page
    }
}

/// The anchor that GitHub, GitLab and Gitea give a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    heading.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// What a page names and nobody finds: the page's own path, its text, and the files of the repository.
fn lost(path: &str, text: &str, files: &[String]) -> Vec<String> {
    let page = Page::of(text);
    let folder = Path::new(path).parent().unwrap();
    let mut lost = Vec::new();
    for link in page.links.iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
        let (file, wanted) = link.split_once('#').unwrap_or((link, ""));
        let place = root().join(folder).join(file);
        let found = match wanted {
            "" => place.exists(),
            wanted if file.is_empty() => page.anchors.contains(wanted),
            wanted => {
                std::fs::read_to_string(&place).is_ok_and(|text| Page::of(&text).anchors.contains(wanted))
            }
        };
        if !found {
            lost.push(format!("{path}: the link {link}"));
        }
    }
    let folders: BTreeSet<&str> = files.iter().filter_map(|file| Some(file.split_once('/')?.0)).collect();
    for code in &page.code {
        let plain = code.chars().all(|c| c.is_ascii_alphanumeric() || "._-/*".contains(c));
        let Some((first, _)) = code.split_once('/').filter(|_| plain) else { continue };
        let is_source = [".rs", ".toml"].iter().any(|end| code.ends_with(end));
        // A pattern stands for the folder that it begins with.
        let named = code.split('*').next().unwrap_or_default();
        let found = files.iter().any(|file| file == code || file.starts_with(named) && named.ends_with('/'))
            || root().join(code).is_dir();
        if (folders.contains(first) || is_source) && !found {
            lost.push(format!("{path}: `{code}`"));
        }
    }
    lost
}

#[test]
fn whatever_a_page_names_is_there() {
    let files = files();
    let pages: Vec<&String> = files.iter().filter(|file| file.ends_with(".md")).collect();
    assert!(pages.iter().any(|page| *page == "CONTRIBUTING.md"), "{pages:?}");
    let lost: Vec<String> = pages
        .iter()
        .flat_map(|page| lost(page, &std::fs::read_to_string(root().join(page)).unwrap(), &files))
        .collect();
    assert!(lost.is_empty(), "not found:\n{}", lost.join("\n"));
}

#[test]
fn what_is_not_there_is_told() {
    let files = files();
    for (text, told) in [
        ("[a](README.md) and [b](docs/POLICY.md#overrides) and [c](https://example.com/x)", false),
        ("# A `b`: c\n\n[here](#a-b-c)", false),
        ("`plugin/core`, `plugin/core/src/`, `plugin/core/src/lib.rs`, `policies/*`, `src/page/`", false),
        ("[a](docs/NOWHERE.md)", true),
        ("[a](docs/POLICY.md#nowhere)", true),
        ("[here](#nowhere)", true),
        ("`plugin/nowhere/`", true),
        ("`plugin/core/src/nowhere.rs`", true),
        ("`core/src/lib.rs`", true),
    ] {
        assert_eq!(!lost("README.md", text, &files).is_empty(), told, "{text}");
    }
}
