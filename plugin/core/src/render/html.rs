//! For a page, within a frame of the host: what a decision says, in the order in which somebody who is blocked needs it.

use super::error::Refusal;
use super::neutral::html as text;
use super::text::{count, state_in_words};
use crate::model::{ActCode, Decision, Remedy, RequirementResult, RuleResult, RuleState};

/// A piece of a page. Its markup are words of this module alone: whatever comes from elsewhere is written as text.
#[derive(Default)]
struct Html(String);

impl Html {
    /// Writes markup as it is.
    fn tag(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, which stays text.
    fn text(&mut self, words: &str) -> &mut Self {
        self.0.push_str(&text(words));
        self
    }

    /// A sentence of the module's own: what stands between backticks is code.
    fn prose(&mut self, words: &str) -> &mut Self {
        for (at, part) in words.split('`').enumerate() {
            match at % 2 {
                0 => self.text(part),
                _ => self.tag("<code>").text(part).tag("</code>"),
            };
        }
        self
    }

    /// A line under a name, for each of these.
    fn lines(&mut self, open: &'static str, lines: &[String]) {
        for line in lines {
            self.tag(open).text(line).tag("</p>\n");
        }
    }

    /// Begins a section that is a list.
    fn begin(&mut self, heading: &'static str) {
        self.tag("<section>\n<h2>").tag(heading).tag("</h2>\n<ul>\n");
    }

    /// Ends a section that was begun.
    fn end(&mut self) {
        self.tag("</ul>\n</section>\n");
    }

    fn remedy(&mut self, remedy: &Remedy) {
        let who = if remedy.who.is_empty() { "somebody".to_owned() } else { remedy.who.join(", ") };
        self.tag("<div class=\"remedy\">\n<p>For <b>").text(&remedy.rule).tag("</b>, ask <b>").text(&who);
        self.tag("</b> ").prose(&remedy.what).tag("</p>\n");
        // A template holds the questions itself.
        for question in remedy.questions.iter().filter(|_| remedy.template.is_none()) {
            self.tag("<p class=\"question\"><code>").text(&question.name).tag(":</code> ");
            self.text(&question.text).tag("</p>\n");
        }
        for given in remedy.template.iter().chain(&remedy.command) {
            self.tag("<pre>").text(given).tag("</pre>\n");
        }
        self.tag("</div>\n");
    }

    fn rule(&mut self, rule: &RuleResult) {
        self.tag("<article class=\"").tag(class(rule.state)).tag("\">\n<h3>").text(&rule.name);
        self.tag(" <span class=\"state\">").tag(state_in_words(rule.state)).tag("</span></h3>\n");
        self.lines("<p><span class=\"key\">because</span> ", &rule.because);
        self.lines("<p><span class=\"key\">missing</span> ", &rule.missing);
        if let Some(overridden) = &rule.overridden {
            self.lines("<p><span class=\"key\">overridden</span> ", &[overridden.sentence()]);
        }
        rule.requirements.iter().for_each(|asked| self.requirement(asked));
        if rule.observed {
            self.tag("<p><small>This rule only observes.</small></p>\n");
        }
        self.tag("<p class=\"code\"><code>").tag(rule.code.name()).tag("</code></p>\n</article>\n");
    }

    fn requirement(&mut self, asked: &RequirementResult) {
        let given = format!("({} of {} given)", asked.counted, asked.needed);
        self.tag("<p><span class=\"key\">asks</span> ").text(&asked.asks);
        self.tag(" <small>").text(&given).tag("</small></p>\n");
        if asked.acts.is_empty() {
            return;
        }
        self.tag("<ul class=\"acts\">\n");
        for act in &asked.acts {
            let counts = act.code == ActCode::Counted;
            self.tag(if counts { "<li class=\"counted\">" } else { "<li class=\"not\">" });
            self.text(&act.sentence).tag("</li>\n");
        }
        self.tag("</ul>\n");
    }
}

fn class(state: RuleState) -> &'static str {
    match state {
        RuleState::Satisfied => "good",
        RuleState::Pending => "wait",
        RuleState::Denied => "bad",
        RuleState::Skipped => "none",
        RuleState::Overridden => "over",
    }
}

pub(super) fn decision(decision: &Decision) -> String {
    let mut page = Html::default();
    if !decision.remedies.is_empty() {
        page.tag("<section class=\"next\">\n<h2>What to do next</h2>\n");
        decision.remedies.iter().for_each(|remedy| page.remedy(remedy));
        page.tag("</section>\n");
    }
    if !decision.rules.is_empty() {
        page.tag("<section>\n<h2>Rules</h2>\n");
        let is_skipped = |rule: &&RuleResult| rule.state == RuleState::Skipped;
        decision.rules.iter().filter(|rule| !is_skipped(rule)).for_each(|rule| page.rule(rule));
        let skipped = decision.rules.iter().filter(is_skipped).count();
        if skipped > 0 {
            page.tag("<details><summary>").text(&skipped.to_string()).tag(" that do not apply</summary>\n");
            decision.rules.iter().filter(is_skipped).for_each(|rule| page.rule(rule));
            page.tag("</details>\n");
        }
        page.tag("</section>\n");
    }
    if !decision.provenance.tools.is_empty() {
        page.begin("What AI contributed");
        for tool in &decision.provenance.tools {
            page.tag("<li>").text(&tool.tool);
            if !tool.models.is_empty() {
                page.tag(" (").text(&tool.models.join(", ")).tag(")");
            }
            page.tag(" <small>in ").text(&count(tool.commits, "commit")).tag("</small></li>\n");
        }
        page.end();
    }
    if !decision.signals.is_empty() {
        page.begin("Worth a second look");
        for signal in &decision.signals {
            let line = signal.line.map(|line| format!(":{line}")).unwrap_or_default();
            page.tag("<li><code>").text(&signal.path).text(&line).tag("</code> ");
            page.text(&signal.message).tag("</li>\n");
        }
        page.end();
    }
    if !decision.contributors.is_empty() {
        let all_barred = decision.contributors.iter().all(|contributor| contributor.barred);
        page.begin(if all_barred { "Took part, and so cannot approve" } else { "Took part" });
        for contributor in &decision.contributors {
            let mut roles: Vec<&str> = contributor.roles.iter().map(|role| role.name()).collect();
            if contributor.barred && !all_barred {
                roles.push("cannot approve");
            }
            page.tag("<li>").text(&contributor.person).tag(" <small>");
            page.text(&roles.join(", ").replace('-', " ")).tag("</small></li>\n");
        }
        page.end();
    }
    if !decision.notices.is_empty() {
        page.begin("To weigh this");
        for notice in &decision.notices {
            page.tag("<li>").text(&notice.message).tag("</li>\n");
        }
        page.end();
    }
    page.0
}

/// What a list of changes says of one.
pub(super) fn entry(decision: &Decision) -> String {
    let mut entry = Html::default();
    entry.tag("<p>").text(&decision.headline).tag("</p>\n");
    for remedy in &decision.remedies {
        entry.lines("<p><span class=\"key\">asks</span> ", &[remedy.who.join(", ")]);
    }
    entry.tag("<p class=\"code\">").text(&count(decision.change.commits, "commit")).tag("</p>\n");
    entry.0
}

pub(super) fn refusal(refusal: &Refusal) -> String {
    let mut page = Html::default();
    page.tag("<pre>").text(&refusal.message).tag("</pre>\n");
    if let Some(help) = &refusal.help {
        page.tag("<p>").prose(help).tag("</p>\n");
    }
    page.0
}
