//! Takes down what the service and the set-up ask a real Gitea about a reviewed pull request, and what it answers, as files under
//! `tests/gitea/recorded`. Run it again when the client asks for something else, or for another version of Gitea.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "of tests, which stop where they fail")]

use std::io::Write;

use gitea_tests::recorded::{Recorder, Recording};
use gitea_tests::service::{Service, signature};
use gitea_tests::story::{ANSWER, POLICY, Story};
use serde_json::json;

/// Entries of a page, so that lists of several pages stay short files.
const PAGE: usize = 20;

/// Statuses of the head: two pages, the second not full.
const STATUSES: usize = 23;

/// What the policy of the stories is told too, so that the service reads statuses beside teams.
const BUILT: &str = "  - name: Built code
    when: { status: [ci/0] }
    require: [{ approvals: 1, by: seniors }]
";

fn main() {
    let mut story = Story::with_hook(None);
    let mut ini = std::fs::File::options().append(true).open(story.gitea.ini()).unwrap();
    write!(ini, "\n[api]\nMAX_RESPONSE_ITEMS = {PAGE}\n").unwrap();
    story.gitea.restart();
    story.clone.write(".countersign/policy.yaml", &format!("{POLICY}{BUILT}"));
    story.clone.commit("Ask for more");
    story.clone.git(&["push", "--quiet", "origin", "main"]);

    let recorder = Recorder::before(&story.gitea.url);
    let service = story.serve(&["--url", &recorder.url, "--reconcile", "3600"]);
    let (number, head) = story.pull("work");
    let comment = json!({ "body": "Please look at the parser first." });
    story.gitea.ok("POST", &format!("repos/acme/app/issues/{number}/comments"), &story.dana, comment);
    story.review(number, &story.olga, "APPROVED", "topology: it looks harmless enough to me");
    for at in 0..STATUSES {
        let status = json!({ "context": format!("ci/{at}"), "state": "success" });
        story.gitea.ok("POST", &format!("repos/acme/app/statuses/{head}"), &story.dana, status);
    }
    let idle = || service.metric("countersign_queue_jobs") == 0.0;
    service.deliver("waits", number);
    service.until("sam is asked", || story.reviews(number).iter().any(|review| review.0 == "sam"));
    story.review(number, &story.sam, "APPROVED", ANSWER);
    service.deliver("approved", number);
    service.until("the change passes", || story.state(&head) == "success" && idle());

    // Once more at rest, so that the lists belong together, and the whole repository with it.
    let push = json!({ "ref": "refs/heads/main", "repository": { "full_name": "acme/app" } }).to_string();
    let headers = [
        ("X-Gitea-Signature", &*signature(push.as_bytes())),
        ("X-Gitea-Delivery", "at-rest"),
        ("X-Gitea-Event-Type", "push"),
    ];
    let done = service.metric("countersign_jobs_done_total");
    assert_eq!(service.post(&headers, push.as_bytes()), 202);
    service.until("all is looked at", || service.metric("countersign_jobs_done_total") > done && idle());
    assert_eq!(service.get("readyz").0, 200);
    keep("service", &story, &service, &recorder);

    let recorder = Recorder::before(&story.gitea.url);
    for _ in 0..2 {
        let done = story.setup(&service, &["--url", &recorder.url, "--apply", "--veto"]);
        assert_eq!(done.code, 0, "{}", done.text);
    }
    keep("setup", &story, &service, &recorder);
}

/// Writes what passed, unless a secret of the story stands in it.
fn keep(name: &str, story: &Story, service: &Service, recorder: &Recorder) {
    let exchanges = recorder.last();
    let text: String = exchanges.iter().map(|exchange| serde_json::to_string(exchange).unwrap()).collect();
    let webhook = std::fs::read_to_string(&service.secret_file).unwrap();
    for secret in [&story.admin, &story.dana, &story.sam, &story.olga, &story.gate, &webhook] {
        assert!(!text.contains(secret.as_str()), "a secret stands in {name}");
    }
    Recording::write(name, &exchanges);
    println!("{name}: {} exchanges, {} bytes", exchanges.len(), text.len());
}
