//! Looks at the service's pages in a real Chromium and keeps what it sees in `docs/pictures`: a change that waits and the
//! list of what is open, light and dark, wide and narrow.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a command line for whoever works on the pages"
)]

use std::path::Path;
use std::process::Command;

use gitea_tests::story::{ANSWER, Story};
use gitea_tests::{root, run};

/// Widths of windows.
const WINDOWS: &[(&str, u32)] = &[("wide", 1_000), ("narrow", 500)];

/// How Blink numbers the schemes.
const SCHEMES: &[(&str, u32)] = &[("light", 1), ("dark", 0)];

fn main() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--repo", "acme/app"]);
    let (number, head) = story.pull("parser");
    story.review(number, &story.olga, "APPROVED", "topology: it looks harmless enough to me");
    let (other, done) = story.pull("reader");
    story.review(other, &story.sam, "APPROVED", ANSWER);
    for number in [number, other] {
        assert_eq!(service.deliver(&format!("picture-{number}"), number), 202);
    }
    service.until("both are judged", || story.state(&head) == "pending" && story.state(&done) == "success");
    service.until("olga is seen", || story.comments(number).iter().any(|said| said.contains("olga")));
    let page = story.statuses(&head).remove(0).2;
    let folder = root().join("docs/pictures");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, url, height) in [("decision", page.as_str(), 1_500), ("open", service.url.as_str(), 520)] {
        for (window, width) in WINDOWS {
            for (scheme, number) in SCHEMES {
                look(url, &folder.join(format!("{name}-{window}-{scheme}.png")), (*width, height), *number);
            }
        }
    }
}

fn look(url: &str, picture: &Path, (width, height): (u32, u32), scheme: u32) {
    let profile = tempfile::tempdir().unwrap();
    let ran = run(Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args(["--disable-background-networking", "--disable-component-update"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},{height}"))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(url));
    assert!(picture.is_file(), "{}", ran.text);
    println!("{}", picture.display());
}
