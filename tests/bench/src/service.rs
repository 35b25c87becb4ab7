//! The service on a real Gitea: how long a webhook takes to become a status, and how many it takes.

use std::time::{Duration, Instant};

use gitea_tests::git::AI;
use gitea_tests::service::Service;
use gitea_tests::story::Story;

use crate::say;
use crate::timing::median;

/// Webhooks, one after the other.
const LATENCIES: usize = 40;

/// Webhooks at once, about this many pull requests.
const LOAD: (usize, usize) = (2_000, 20);

/// Posts webhooks to a service that nothing else reaches. Targets: under 50 ms beyond the forge's own answers, and 50
/// deliveries a second.
pub fn serve() -> anyhow::Result<bool> {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "3600"]);
    let pulls: Vec<(u64, String)> = (0..LOAD.1).map(|at| story.pull(&format!("work-{at}"))).collect();
    let done = || service.metric("countersign_jobs_done_total");
    let settled = |service: &Service| service.metric("countersign_queue_jobs") == 0.0;
    // Each pull request once, so that what is first made is there.
    for (at, (number, _)) in pulls.iter().enumerate() {
        service.deliver(&format!("first-{at}"), *number);
    }
    service.until("the first are done", || settled(&service));

    let (mut whole, mut beyond) = (Vec::new(), Vec::new());
    for at in 0..LATENCIES {
        let number = &pulls[at % pulls.len()].0;
        // A change of its own each time, so that there is a new status to write.
        story.clone.git(&["switch", "--quiet", &format!("work-{}", at % pulls.len())]);
        story.clone.commit(AI);
        story.clone.git(&["push", "--quiet", "origin", "HEAD"]);
        let (before, jobs) = (spent(&service), done());
        let started = Instant::now();
        anyhow::ensure!(service.deliver(&format!("one-{at}"), *number) == 202);
        while done() <= jobs {
            anyhow::ensure!(started.elapsed() < Duration::from_secs(30), "{}", service.log());
            // Asking without end would measure the asking.
            std::thread::sleep(Duration::from_millis(2));
        }
        let took = started.elapsed();
        whole.push(took);
        beyond.push(took.saturating_sub(spent(&service).saturating_sub(before)));
    }
    say("serve.webhook_to_status", millis(median(whole)), "ms");
    say("serve.webhook_to_status.beyond_forge", millis(median(beyond)), "ms");

    let started = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (service, pulls) = (&service, &pulls);
            scope.spawn(move || {
                for at in (thread..LOAD.0).step_by(8) {
                    let number = pulls[at % pulls.len()].0;
                    while service.deliver(&format!("load-{at}"), number) != 202 {}
                }
            });
        }
    });
    let accepted = LOAD.0 as f64 / started.elapsed().as_secs_f64();
    service.until("the load is done", || settled(&service));
    let through = LOAD.0 as f64 / started.elapsed().as_secs_f64();
    say("serve.accepted", format!("{accepted:.0}"), "/s");
    say("serve.deliveries", format!("{through:.0}"), "/s");
    Ok(true)
}

/// The time that the service has waited for the forge.
fn spent(service: &Service) -> Duration {
    Duration::from_secs_f64(service.metric("countersign_forge_seconds_total"))
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1_000.0)
}
