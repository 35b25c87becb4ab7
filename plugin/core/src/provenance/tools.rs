//! The table of AI tools: how they are called, which addresses they commit from. Data, not code.
//!
//! Display names drift and addresses are stable, so an identity is an address. Whole domains never match: people who
//! work for a vendor commit from its domain. A policy adds its own tools under `provenance`.

use super::words::Words;
use crate::model::Help;

/// What else the name of a tool means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// Nothing: it means the tool wherever it stands.
    Own,
    /// A common word: alone it proves nothing beside a person's address or in prose.
    Common,
    /// More often somebody's given name, or a word of every sentence: it counts by the tool's address, a link or a version.
    Given,
}

const OWN: Name = Name::Own;
const COMMON: Name = Name::Common;
const GIVEN: Name = Name::Given;

/// Names of tools, folded (lower case, `-` and `_` as a space) and in order: the name, the id that findings carry, and
/// what else the name means. The longest name that fits counts.
pub(crate) static NAMES: Words<(&str, Name)> = Words::new(&[
    ("aider", ("aider", OWN)),
    ("aider chat", ("aider", OWN)),
    ("amazon kiro", ("kiro", OWN)),
    ("amazon q", ("amazon-q", OWN)),
    ("amazon q developer", ("amazon-q", OWN)),
    ("amazonq", ("amazon-q", OWN)),
    ("amp", ("amp", COMMON)),
    ("amp code", ("amp", OWN)),
    ("ampcode", ("amp", OWN)),
    ("anthropic", ("anthropic", COMMON)),
    ("anthropic claude", ("claude-code", OWN)),
    ("anthropic claude code", ("claude-code", OWN)),
    ("antigravity", ("antigravity", COMMON)),
    ("atlassian rovo dev", ("rovo-dev", OWN)),
    ("auggie", ("augment", COMMON)),
    ("augment code", ("augment", OWN)),
    ("aws kiro", ("kiro", OWN)),
    ("aws q developer", ("amazon-q", OWN)),
    ("blackbox agent", ("blackbox", OWN)),
    ("blackbox ai", ("blackbox", OWN)),
    ("bugbot", ("cursor", COMMON)),
    ("charm crush", ("crush", OWN)),
    ("charmbracelet crush", ("crush", OWN)),
    ("chat gpt", ("chatgpt", OWN)),
    ("chatgpt", ("chatgpt", OWN)),
    ("chatgpt codex connector", ("codex", OWN)),
    ("claude", ("claude-code", COMMON)),
    ("claude ai", ("claude-code", OWN)),
    ("claude cli", ("claude-code", OWN)),
    ("claude code", ("claude-code", OWN)),
    ("claude code action", ("claude-code", OWN)),
    ("claude cowork", ("claude-code", OWN)),
    ("claude web", ("claude-code", OWN)),
    ("claudecode", ("claude-code", OWN)),
    ("cline", ("cline", COMMON)),
    ("codeium", ("windsurf", OWN)),
    ("codeium cascade", ("windsurf", OWN)),
    ("coderabbit", ("coderabbit", OWN)),
    ("coderabbit ai", ("coderabbit", OWN)),
    ("coderabbitai", ("coderabbit", OWN)),
    ("codex", ("codex", OWN)),
    ("codex cli", ("codex", OWN)),
    ("codex cloud", ("codex", OWN)),
    ("cody ai", ("sourcegraph-cody", OWN)),
    ("continue", ("continue", COMMON)),
    ("continue agent", ("continue", OWN)),
    ("continue cli", ("continue", OWN)),
    ("continue dev", ("continue", OWN)),
    ("copilot", ("github-copilot", OWN)),
    ("copilot agent", ("github-copilot", OWN)),
    ("copilot app", ("github-copilot", OWN)),
    ("copilot autofix", ("github-copilot-autofix", OWN)),
    ("copilot chat", ("github-copilot", OWN)),
    ("copilot cli", ("github-copilot", OWN)),
    ("copilot coding agent", ("github-copilot", OWN)),
    ("copilot swe agent", ("github-copilot", OWN)),
    ("copilot workspace", ("github-copilot", OWN)),
    ("cosine genie", ("cosine", OWN)),
    ("crush", ("crush", COMMON)),
    ("cubic dev ai", ("cubic", OWN)),
    ("cursor", ("cursor", COMMON)),
    ("cursor agent", ("cursor", OWN)),
    ("cursor ai", ("cursor", OWN)),
    ("cursor background", ("cursor", OWN)),
    ("cursor background agent", ("cursor", OWN)),
    ("cursor bugbot", ("cursor", OWN)),
    ("devin", ("devin", GIVEN)),
    ("devin ai", ("devin", OWN)),
    ("devin ai integration", ("devin", OWN)),
    ("devx", ("devx", COMMON)),
    ("droid", ("factory-droid", COMMON)),
    ("duo workflow", ("gitlab-duo", OWN)),
    ("ellipsis dev", ("ellipsis", OWN)),
    ("factory droid", ("factory-droid", OWN)),
    ("firebender", ("firebender", OWN)),
    ("gemini", ("gemini", COMMON)),
    ("gemini cli", ("gemini-cli", OWN)),
    ("gemini code assist", ("gemini-code-assist", OWN)),
    ("gh copilot", ("github-copilot", OWN)),
    ("github copilot", ("github-copilot", OWN)),
    ("github copilot agent", ("github-copilot", OWN)),
    ("github copilot app", ("github-copilot", OWN)),
    ("github copilot autofix", ("github-copilot-autofix", OWN)),
    ("github copilot chat", ("github-copilot", OWN)),
    ("github copilot cli", ("github-copilot", OWN)),
    ("github copilot workspace", ("github-copilot", OWN)),
    ("gitlab duo", ("gitlab-duo", OWN)),
    ("gitlab duo chat", ("gitlab-duo", OWN)),
    ("google antigravity", ("antigravity", OWN)),
    ("google gemini", ("gemini", OWN)),
    ("google gemini cli", ("gemini-cli", OWN)),
    ("google jules", ("jules", OWN)),
    ("google labs jules", ("jules", OWN)),
    ("goose", ("goose", COMMON)),
    ("greptile", ("greptile", OWN)),
    ("greptile apps", ("greptile", OWN)),
    ("grok", ("grok", COMMON)),
    ("grok build", ("grok", OWN)),
    ("grok code", ("grok", OWN)),
    ("happy", ("happy", GIVEN)),
    ("ibm bob", ("ibm-bob", OWN)),
    ("jetbrains ai", ("jetbrains-ai", OWN)),
    ("jetbrains ai assistant", ("jetbrains-ai", OWN)),
    ("jetbrains junie", ("junie", OWN)),
    ("jules", ("jules", GIVEN)),
    ("junie", ("junie", GIVEN)),
    ("kilo code", ("kilo-code", OWN)),
    ("kilocode", ("kilo-code", OWN)),
    ("kimi", ("kimi-cli", COMMON)),
    ("kimi cli", ("kimi-cli", OWN)),
    ("kimi code", ("kimi-cli", OWN)),
    ("kimi code cli", ("kimi-cli", OWN)),
    ("kiro", ("kiro", COMMON)),
    ("kiro agent", ("kiro", OWN)),
    ("letta", ("letta-code", COMMON)),
    ("letta code", ("letta-code", OWN)),
    ("lovable dev", ("lovable", OWN)),
    ("mistral vibe", ("mistral-vibe", OWN)),
    ("muse code", ("muse-code", OWN)),
    ("nori", ("nori", COMMON)),
    ("nori sessions", ("nori", OWN)),
    ("oh my opencode", ("opencode", OWN)),
    ("open code", ("opencode", OWN)),
    ("openai chatgpt", ("chatgpt", OWN)),
    ("openai codex", ("codex", OWN)),
    ("openai codex cli", ("codex", OWN)),
    ("opencode", ("opencode", OWN)),
    ("opencode ai", ("opencode", OWN)),
    ("opencodes", ("opencode", OWN)),
    ("opendevin", ("openhands", OWN)),
    ("openhands", ("openhands", OWN)),
    ("openhands agent", ("openhands", OWN)),
    ("paws", ("paws", GIVEN)),
    ("plandex", ("plandex", OWN)),
    ("posthog code", ("posthog-code", OWN)),
    ("posthog desktop", ("posthog-code", OWN)),
    ("q developer", ("amazon-q", OWN)),
    ("qoder", ("qoder", OWN)),
    ("qoderai", ("qoder", OWN)),
    ("qodo", ("qodo", OWN)),
    ("qwen code", ("qwen-code", OWN)),
    ("qwen coder", ("qwen-code", OWN)),
    ("replit", ("replit", COMMON)),
    ("replit agent", ("replit", OWN)),
    ("replit assistant", ("replit", OWN)),
    ("roo", ("roo-code", COMMON)),
    ("roo code", ("roo-code", OWN)),
    ("roocode", ("roo-code", OWN)),
    ("roomote", ("roo-code", OWN)),
    ("rovo dev", ("rovo-dev", OWN)),
    ("sisyphus", ("sisyphus", COMMON)),
    ("sourcegraph amp", ("amp", OWN)),
    ("sourcegraph cody", ("sourcegraph-cody", OWN)),
    ("sourcery ai", ("sourcery", OWN)),
    ("sprite", ("sprite", GIVEN)),
    ("tabnine", ("tabnine", OWN)),
    ("trae", ("trae", COMMON)),
    ("trae agent", ("trae", OWN)),
    ("trae cli", ("trae", OWN)),
    ("traeagent", ("trae", OWN)),
    ("v0agent", ("v0", OWN)),
    ("verdent", ("verdent", OWN)),
    ("verdent ai", ("verdent", OWN)),
    ("warp", ("warp", COMMON)),
    ("warp agent", ("warp", OWN)),
    ("warp ai", ("warp", OWN)),
    ("windsurf", ("windsurf", COMMON)),
    ("windsurf cascade", ("windsurf", OWN)),
    ("xai grok", ("grok", OWN)),
    ("zed", ("zed", COMMON)),
    ("zed agent", ("zed", OWN)),
    ("zed ai", ("zed", OWN)),
]);

/// How surely an address belongs to a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// The tool's own address.
    Sure,
    /// An editor's default, stamped on commits that no AI touched too (VS Code in April and May 2026).
    Default,
}

/// Exact addresses, in lower case and in order.
pub(crate) static EMAILS: Words<(&str, Certainty)> = Words::new(&[
    ("agent@blackbox.ai", ("blackbox", Certainty::Sure)),
    ("agent@continue.dev", ("continue", Certainty::Sure)),
    ("agent@cosine.sh", ("cosine", Certainty::Sure)),
    ("agent@warp.dev", ("warp", Certainty::Sure)),
    ("agent@zed.dev", ("zed", Certainty::Sure)),
    ("aider@aider.chat", ("aider", Certainty::Sure)),
    ("amp@ampcode.com", ("amp", Certainty::Sure)),
    ("antigravity@google.com", ("antigravity", Certainty::Sure)),
    ("auggie@augmentcode.com", ("augment", Certainty::Sure)),
    ("bot@opendevin.com", ("openhands", Certainty::Sure)),
    ("cascade@windsurf.ai", ("windsurf", Certainty::Sure)),
    ("charmcrush@users.noreply.github.com", ("crush", Certainty::Sure)),
    ("claude-code@anthropic.com", ("claude-code", Certainty::Sure)),
    ("claude@anthropic.com", ("claude-code", Certainty::Sure)),
    ("clio-agent@sisyphuslabs.ai", ("sisyphus", Certainty::Sure)),
    ("code@blackbox.ai", ("blackbox", Certainty::Sure)),
    ("codex@openai.com", ("codex", Certainty::Sure)),
    ("contact@tilework.tech", ("nori", Certainty::Sure)),
    ("copilot@github.com", ("github-copilot", Certainty::Default)),
    ("crush@charm.land", ("crush", Certainty::Sure)),
    ("cursoragent@cursor.com", ("cursor", Certainty::Sure)),
    ("duo@gitlab.com", ("gitlab-duo", Certainty::Sure)),
    ("gemini-cli@google.com", ("gemini-cli", Certainty::Sure)),
    ("grok@x.ai", ("grok", Certainty::Sure)),
    ("help@firebender.com", ("firebender", Certainty::Sure)),
    ("it+v0agent@vercel.com", ("v0", Certainty::Sure)),
    ("junie@jetbrains.com", ("junie", Certainty::Sure)),
    ("kiro@amazon.com", ("kiro", Certainty::Sure)),
    ("kiro@kiro.dev", ("kiro", Certainty::Sure)),
    ("muse-code@meta.com", ("muse-code", Certainty::Sure)),
    ("muse-spark@meta.com", ("muse-code", Certainty::Sure)),
    ("no-reply@amazon.com", ("amazon-q", Certainty::Sure)),
    ("noreply@aider.chat", ("aider", Certainty::Sure)),
    ("noreply@aider.dev", ("aider", Certainty::Sure)),
    ("noreply@anthropic.com", ("claude-code", Certainty::Sure)),
    ("noreply@augmentcode.com", ("augment", Certainty::Sure)),
    ("noreply@aws.amazon.com", ("amazon-q", Certainty::Sure)),
    ("noreply@bytedance.com", ("trae", Certainty::Sure)),
    ("noreply@continue.dev", ("continue", Certainty::Sure)),
    ("noreply@cursor.com", ("cursor", Certainty::Sure)),
    ("noreply@kilo.ai", ("kilo-code", Certainty::Sure)),
    ("noreply@kilocode.ai", ("kilo-code", Certainty::Sure)),
    ("noreply@kimi.com", ("kimi-cli", Certainty::Sure)),
    ("noreply@kiro.dev", ("kiro", Certainty::Sure)),
    ("noreply@letta.com", ("letta-code", Certainty::Sure)),
    ("noreply@openai.com", ("codex", Certainty::Sure)),
    ("noreply@opencode.ai", ("opencode", Certainty::Sure)),
    ("noreply@paws.build", ("paws", Certainty::Sure)),
    ("noreply@qoder.com", ("qoder", Certainty::Sure)),
    ("noreply@sprites.dev", ("sprite", Certainty::Default)),
    ("noreply@tilework.tech", ("nori", Certainty::Sure)),
    ("noreply@trae.ai", ("trae", Certainty::Sure)),
    ("noreply@windsurf.ai", ("windsurf", Certainty::Sure)),
    ("noreply@x.ai", ("grok", Certainty::Sure)),
    ("opendevin@all-hands.dev", ("openhands", Certainty::Sure)),
    ("opendevin@opendevin.ai", ("openhands", Certainty::Sure)),
    ("openhands-claude@all-hands.dev", ("openhands", Certainty::Sure)),
    ("openhands@all-hands.dev", ("openhands", Certainty::Sure)),
    ("oz-agent@warp.dev", ("warp", Certainty::Sure)),
    ("q@amazon.com", ("amazon-q", Certainty::Sure)),
    ("qoder_ai@qoder.com", ("qoder", Certainty::Sure)),
    ("qwen-coder@alibabacloud.com", ("qwen-code", Certainty::Sure)),
    ("qwenlm-intl@service.alibaba.com", ("qwen-code", Certainty::Sure)),
    ("roomote@roocode.com", ("roo-code", Certainty::Sure)),
    ("traeagent@users.noreply.github.com", ("trae", Certainty::Sure)),
    ("traecli@bytedance.com", ("trae", Certainty::Sure)),
    ("vibe@mistral.ai", ("mistral-vibe", Certainty::Sure)),
    ("windsurf@codeium.com", ("windsurf", Certainty::Sure)),
    ("yesreply@happy.engineering", ("happy", Certainty::Sure)),
    ("yesreply@huppy.ai", ("happy", Certainty::Sure)),
]);

/// Accounts on GitHub: `<id>+<login>@users.noreply.github.com`. The id decides; a login decides only as `...[bot]`,
/// which no person can have.
pub(crate) const GITHUB: &[(u64, &str, &str)] = &[
    (209_825_114, "claude[bot]", "claude-code"),
    (242_468_646, "anthropic-code-agent[bot]", "claude-code"),
    (208_546_643, "claude-code-action[bot]", "claude-code"),
    (215_619_710, "anthropic-claude[bot]", "claude-code"),
    (223_556_219, "Copilot", "github-copilot"),
    (175_728_472, "Copilot", "github-copilot"),
    (198_982_749, "copilot-swe-agent[bot]", "github-copilot"),
    (167_198_135, "copilot[bot]", "github-copilot"),
    (62_310_815, "github-advanced-security[bot]", "github-copilot-autofix"),
    (223_894_421, "github-code-quality[bot]", "github-copilot-autofix"),
    (206_951_365, "cursor[bot]", "cursor"),
    (199_175_422, "chatgpt-codex-connector[bot]", "codex"),
    (215_057_067, "openai-codex[bot]", "codex"),
    (158_243_242, "devin-ai-integration[bot]", "devin"),
    (176_961_590, "gemini-code-assist[bot]", "gemini-code-assist"),
    (218_195_315, "gemini-cli", "gemini-cli"),
    (218_312_386, "gemini-cli[bot]", "gemini-cli"),
    (161_369_871, "google-labs-jules[bot]", "jules"),
    (208_079_219, "amazon-q-developer[bot]", "amazon-q"),
    (244_629_292, "kiro-agent", "kiro"),
    (189_301_087, "windsurf-bot[bot]", "windsurf"),
    (138_933_559, "factory-droid[bot]", "factory-droid"),
    (230_936_708, "continue[bot]", "continue"),
    (300_689_746, "letta-integration[bot]", "letta-code"),
    (219_738_659, "roomote[bot]", "roo-code"),
    (219_738_659, "roomote-v0[bot]", "roo-code"),
    (205_137_888, "cline[bot]", "cline"),
    (220_155_983, "jetbrains-ai[bot]", "jetbrains-ai"),
    (201_248_094, "sourcegraph-cody[bot]", "sourcegraph-cody"),
    (264_258_699, "nori-sessions[bot]", "nori"),
    (165_735_046, "greptile-apps[bot]", "greptile"),
    (159_125_892, "gpt-engineer-app[bot]", "lovable"),
    (159_125_892, "lovable-dev[bot]", "lovable"),
    (240_665_456, "kiloconnect[bot]", "kilo-code"),
    (271_095_942, "aaif-goose", "goose"),
];

/// Apps that are known by their login alone: reviewers whose suggestions are committed as theirs.
pub(crate) const BOTS: &[(&str, &str)] =
    &[("coderabbitai[bot]", "coderabbit"), ("cubic-dev-ai[bot]", "cubic"), ("ellipsis-dev[bot]", "ellipsis")];

/// Apps that are known and are no AI.
pub(crate) const OTHER_BOTS: &[&str] = &[
    "allcontributors[bot]",
    "azure-pipelines[bot]",
    "codecov[bot]",
    "dependabot-preview[bot]",
    "dependabot[bot]",
    "depfu[bot]",
    "dotnet-maestro[bot]",
    "github-actions[bot]",
    "github-merge-queue[bot]",
    "greenkeeper[bot]",
    "imgbot[bot]",
    "mergify[bot]",
    "pre-commit-ci[bot]",
    "release-please[bot]",
    "renovate[bot]",
    "restyled-io[bot]",
    "semantic-release-bot[bot]",
    "snyk-bot[bot]",
    "sonarcloud[bot]",
    "stale[bot]",
    "transifex-integration[bot]",
    "weblate[bot]",
];

/// Addresses of machines that are neither people nor AI: a forge's own committer, release and dependency bots.
pub(crate) const MACHINES: &[&str] = &[
    "noreply@github.com",
    "teabot@gitea.io",
    "gemini-cli-robot@google.com",
    "224641728+gemini-cli-robot@users.noreply.github.com",
];

/// Whether the word that begins the name of a model is a word of people too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Own,
    /// It counts only where the number is part of it: `composer-1`, and not `Composer 2.7`.
    Common,
}

/// Words that begin the name of a model, folded and in order. A word matches them with or without digits behind.
pub(crate) static MODEL_FAMILIES: Words<Family> = Words::new(&[
    ("big pickle", Family::Own),
    ("chatgpt", Family::Own),
    ("claude", Family::Own),
    ("codellama", Family::Own),
    ("codestral", Family::Own),
    ("command", Family::Common),
    ("composer", Family::Common),
    ("deepseek", Family::Own),
    ("devstral", Family::Own),
    ("doubao", Family::Own),
    ("ernie", Family::Common),
    ("fable", Family::Own),
    ("gemini", Family::Own),
    ("gemma", Family::Own),
    ("glm", Family::Own),
    ("gpt", Family::Own),
    ("granite", Family::Common),
    ("grok", Family::Own),
    ("haiku", Family::Own),
    ("hunyuan", Family::Own),
    ("kimi", Family::Own),
    ("llama", Family::Own),
    ("magistral", Family::Own),
    ("minimax", Family::Own),
    ("mistral", Family::Own),
    ("mixtral", Family::Own),
    ("muse", Family::Own),
    ("nemotron", Family::Own),
    ("nova", Family::Common),
    ("o1", Family::Own),
    ("o3", Family::Own),
    ("o4", Family::Own),
    ("opus", Family::Own),
    ("phi", Family::Common),
    ("qwen", Family::Own),
    ("qwq", Family::Own),
    ("sonnet", Family::Own),
    ("starcoder", Family::Own),
    ("swe", Family::Common),
    ("yi", Family::Common),
]);

/// Words that stand in the name of a model between its family and its number, or behind it: grades and efforts.
pub(crate) const MODEL_GRADES: &[&str] = &[
    "code",
    "coder",
    "codex",
    "fast",
    "flash",
    "high",
    "instant",
    "instruct",
    "large",
    "lite",
    "low",
    "max",
    "maverick",
    "medium",
    "mini",
    "nano",
    "oss",
    "plus",
    "preview",
    "pro",
    "reasoning",
    "scout",
    "small",
    "sol",
    "spark",
    "thinking",
    "turbo",
    "ultra",
    "xhigh",
];

/// Words that make a tool of a common word: `Claude (AI assistant)`, `Cursor agent`.
pub(crate) const ROLES: &[&str] =
    &["agent", "ai", "app", "assistant", "bot", "chat", "cli", "code", "ide", "llm", "model", "tool", "web"];

/// Words that say AI without naming a tool.
pub(crate) const AI_WORDS: &[&str] = &[
    "ai",
    "llm",
    "llms",
    "genai",
    "gpt",
    "chatbot",
    "chatbots",
    "copilot",
    "a.i",
    "agentic",
    "language-model",
];

/// Parts of the names of tools that review.
pub(crate) const REVIEWERS: &[&str] =
    &["coderabbit", "greptile", "cubic", "ellipsis", "sourcery", "bugbot", "qodo", "code assist", "review"];

/// How a trailer's key is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// `Co-authored-by` and its spellings: an AI when the address, or a plain tool name without address, says so.
    CoAuthor,
    /// Declares AI by its key alone, and maybe a kind of help; the value names tool and model, or says what for, or
    /// denies.
    Declares(Option<Help>),
    /// Declares help, and maybe which; by a person or by an AI, as the value says.
    Assists(Option<Help>),
    /// Credits somebody with the work as its author, mostly a person: an AI by its address or by a name that no person has.
    Wrote,
    /// Credits somebody with help; read alike.
    Helped,
    /// An ordinary word as a key: says something only when its value names a tool or a model.
    Word,
    /// Declares what AI was used for.
    UsedFor,
    /// Names the model of the declaration beside it.
    Model,
    /// The same, and says nothing where there is none beside it.
    ModelBeside,
    /// A tool's own trailer: a link or an id of a session.
    Session(&'static str),
    /// A session trailer that says nothing new once another trailer of the tool was read.
    SessionOf(&'static str),
    /// An ordinary key of a tool's sessions: says something only beside another trailer of the tool.
    SessionBeside(&'static str),
    /// A tool's own trailer whose value names the tool and the model.
    Names(&'static str),
    /// `Claude-Generated-By`: tool (surface/model=share).
    ClaudeGeneratedBy,
    /// `Replit-Commit-Author`: only `Agent` and `Assistant` are AI.
    ReplitAuthor,
    /// `Entire-Attribution`: a share of lines.
    EntireAttribution,
    /// A person's word that only a person can give: by an AI it is a fact and a fault.
    SignOff,
    /// A review or the like: by an AI no authorship.
    Review,
}

impl Key {
    /// How a key is read that the table knows. Of those that name authors, one with blanks or underscores for its hyphens is
    /// the same.
    pub fn of(key: &str) -> Option<Self> {
        if let Some((_, kind)) = KEYS.get(key) {
            return Some(*kind);
        }
        if !key.contains([' ', '_']) {
            return None;
        }
        let (_, kind) = KEYS.get(&key.replace([' ', '_'], "-"))?;
        matches!(kind, Key::CoAuthor).then_some(*kind)
    }

    /// Whether the people that a line with this key names wrote the commit with its author; `key` is as it is written.
    pub fn names_authors(self, key: &str) -> bool {
        matches!(self, Key::CoAuthor | Key::Wrote) || key.eq_ignore_ascii_case("co-developed-by")
    }
}

/// Keys, folded to lower case, in order.
pub(crate) static KEYS: Words<Key> = Words::new(&[
    ("acked-by", Key::Review),
    ("agent", Key::Word),
    ("agent-id", Key::Names("unknown")),
    ("agent-logs-url", Key::Session("github-copilot")),
    ("agent-signature", Key::Names("unknown")),
    ("ai", Key::Word),
    ("ai-agent", Key::Declares(None)),
    ("ai-assist", Key::Declares(Some(Help::Assisted))),
    ("ai-assistance", Key::Declares(Some(Help::Assisted))),
    ("ai-assistant", Key::Declares(Some(Help::Assisted))),
    ("ai-assisted", Key::Declares(Some(Help::Assisted))),
    ("ai-assisted-by", Key::Declares(Some(Help::Assisted))),
    ("ai-authored", Key::Declares(Some(Help::Generated))),
    ("ai-authored-by", Key::Declares(Some(Help::Generated))),
    ("ai-co-authored-by", Key::Declares(None)),
    ("ai-contribution", Key::Declares(None)),
    ("ai-created", Key::Declares(Some(Help::Generated))),
    ("ai-created-by", Key::Declares(Some(Help::Generated))),
    ("ai-generated", Key::Declares(Some(Help::Generated))),
    ("ai-generated-by", Key::Declares(Some(Help::Generated))),
    ("ai-model", Key::Model),
    ("ai-tool", Key::Declares(None)),
    ("ai-tools", Key::Declares(None)),
    ("ai-used", Key::Declares(None)),
    ("ai-used-for", Key::UsedFor),
    ("ai-written", Key::Declares(Some(Help::Generated))),
    ("ai-written-by", Key::Declares(Some(Help::Generated))),
    ("amp-thread-id", Key::Session("amp")),
    ("assisted-by", Key::Assists(Some(Help::Assisted))),
    ("assisted-with", Key::Assists(Some(Help::Assisted))),
    ("author", Key::Wrote),
    ("authored-by", Key::CoAuthor),
    ("built-with", Key::Assists(None)),
    ("claude-generated-by", Key::ClaudeGeneratedBy),
    ("claude-session", Key::Session("claude-code")),
    ("claude-session-id", Key::Session("claude-code")),
    ("co-author", Key::CoAuthor),
    ("co-authored", Key::CoAuthor),
    ("co-authored-by", Key::CoAuthor),
    ("co-authored-by-ai", Key::Declares(None)),
    ("co-authored-with", Key::CoAuthor),
    ("co-created-by", Key::CoAuthor),
    ("co-developed-by", Key::Assists(Some(Help::Assisted))),
    ("co-written-by", Key::CoAuthor),
    ("coauthored-by", Key::CoAuthor),
    ("coded-by", Key::Wrote),
    ("committed-by", Key::Wrote),
    ("committed-by-agent", Key::Names("unknown")),
    ("conflict-resolved-by", Key::Assists(None)),
    ("copilot-session", Key::Session("github-copilot")),
    ("created-by", Key::Wrote),
    ("created-with", Key::Assists(Some(Help::Generated))),
    ("developed-by", Key::Wrote),
    ("duo-session", Key::Session("gitlab-duo")),
    ("entire-agent", Key::Names("entire")),
    ("entire-attribution", Key::EntireAttribution),
    ("entire-checkpoint", Key::Session("entire")),
    ("entire-session", Key::Session("entire")),
    ("generated-by", Key::Assists(Some(Help::Generated))),
    ("generated-with", Key::Assists(Some(Help::Generated))),
    ("helped-by", Key::Helped),
    ("implemented-by", Key::Wrote),
    ("llm", Key::Word),
    ("made-with", Key::Assists(None)),
    ("model", Key::ModelBeside),
    ("pair-programmed-with", Key::CoAuthor),
    ("replit-commit-author", Key::ReplitAuthor),
    ("replit-commit-session-id", Key::SessionOf("replit")),
    ("reported-by", Key::Review),
    ("reviewed-by", Key::Review),
    ("signed-off-by", Key::SignOff),
    ("suggested-by", Key::Review),
    ("synthesized-by", Key::Assists(Some(Help::Generated))),
    ("task-id", Key::SessionBeside("posthog-code")),
    ("tested-by", Key::Review),
    ("written-by", Key::CoAuthor),
    ("written-with", Key::Assists(Some(Help::Generated))),
    ("x-ai-model", Key::Model),
    ("x-ai-tool", Key::Declares(None)),
]);

/// Verbs that begin a line which a tool leaves behind (`Generated with [Tool](url)`), in order.
pub(crate) static MARKER_VERBS: Words<()> = Words::new(&[
    ("assisted", ()),
    ("authored", ()),
    ("built", ()),
    ("co-authored", ()),
    ("coded", ()),
    ("crafted", ()),
    ("created", ()),
    ("developed", ()),
    ("drafted", ()),
    ("generated", ()),
    ("implemented", ()),
    ("made", ()),
    ("powered", ()),
    ("prepared", ()),
    ("produced", ()),
    ("provided", ()),
    ("refactored", ()),
    ("resolved", ()),
    ("translated", ()),
    ("ultraworked", ()),
    ("vibecoded", ()),
    ("written", ()),
]);

/// Addresses of sessions and chats, without scheme and `www.`: what they begin with, where `*` is one part of the path and a
/// `/` at the start any host; and the tool, when only a session of its has such an address. Something must follow.
pub(crate) const LINKS: &[(&str, Option<&str>)] = &[
    ("claude.ai/code/session_", Some("claude-code")),
    ("chatgpt.com/codex/tasks/", Some("codex")),
    ("chatgpt.com/codex/cloud/tasks/", Some("codex")),
    ("chatgpt.com/s/cd_", Some("codex")),
    ("copilot-workspace.githubnext.com/", Some("github-copilot")),
    ("github.com/*/*/tasks/", Some("github-copilot")),
    ("github.com/*/*/sessions/", Some("github-copilot")),
    ("github.com/copilot/tasks/", Some("github-copilot")),
    ("ampcode.com/threads/T-", Some("amp")),
    ("cursor.com/agents?id=bc-", Some("cursor")),
    ("cursor.com/agents/bc-", Some("cursor")),
    ("cursor.com/background-agent?bcId=", Some("cursor")),
    ("jules.google.com/task/", Some("jules")),
    ("jules.google.com/session/", Some("jules")),
    ("jules.google/task/", Some("jules")),
    ("app.devin.ai/sessions/", Some("devin")),
    ("app.all-hands.dev/conversations/", Some("openhands")),
    ("app.factory.ai/sessions/", Some("factory-droid")),
    ("app.warp.dev/session/", Some("warp")),
    ("oz.warp.dev/runs/", Some("warp")),
    ("/-/automate/agent-sessions/", Some("gitlab-duo")),
    ("claude.ai/share/", None),
    ("claude.ai/chat/", None),
    ("claude.ai/public/artifacts/", None),
    ("claude.site/artifacts/", None),
    ("chatgpt.com/share/", None),
    ("chatgpt.com/c/", None),
    ("chatgpt.com/s/", None),
    ("chat.openai.com/share/", None),
    ("chat.openai.com/c/", None),
    ("gemini.google.com/share/", None),
    ("g.co/gemini/share/", None),
    ("grok.com/share/", None),
    ("x.com/i/grok/share/", None),
    ("perplexity.ai/search/", None),
    ("poe.com/s/", None),
    ("copilot.microsoft.com/shares/", None),
    ("github.com/copilot/share/", None),
    ("chat.deepseek.com/share/", None),
    ("chat.mistral.ai/chat/", None),
    ("chat.qwen.ai/s/", None),
    ("kimi.com/share/", None),
    ("opencode.ai/s/", None),
    ("opncd.ai/share/", None),
    ("v0.app/chat/", None),
];

/// Where transcripts are put: evidence where a tool's name stands before the link.
pub(crate) const TRANSCRIPTS: &[&str] =
    &["gist.github.com/", "gisthost.github.io/?", "gisthost.github.io/", "gistpreview.github.io/?"];

/// Programs that generate, and are no AI.
pub(crate) const GENERATORS: &[&str] = &[
    "ant",
    "antlr",
    "autoconf",
    "automake",
    "bindgen",
    "bison",
    "buf",
    "cargo",
    "cbindgen",
    "cmake",
    "composer",
    "dependabot",
    "doxygen",
    "flex",
    "goreleaser",
    "graphql",
    "hand",
    "javadoc",
    "jenkins",
    "jooq",
    "libtool",
    "make",
    "maven",
    "mockery",
    "mockgen",
    "npm",
    "openapi",
    "pip",
    "protoc",
    "rake",
    "ragel",
    "renovate",
    "sbt",
    "sed",
    "script",
    "sphinx",
    "sqlc",
    "swagger",
    "swig",
    "terraform",
    "thrift",
    "typedoc",
    "yacc",
    "yarn",
];

/// Ids by which git-ai and others call a tool, where the table of names does not lead to ours.
pub(crate) const RECORDED_AS: &[(&str, &str)] = &[
    ("claude", "claude-code"),
    ("claudecode", "claude-code"),
    ("claude_code", "claude-code"),
    ("claude-web", "claude-code"),
    ("github-copilot-agent", "github-copilot"),
    ("github-copilot-cli", "github-copilot"),
    ("continue-cli", "continue"),
    ("cursor-agent", "cursor"),
    ("codex-cloud", "codex"),
    ("droid", "factory-droid"),
    ("roo-background", "roo-code"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_in_order_and_in_lower_case() {
        fn words<T>(table: &Words<T>) -> Vec<&'static str> {
            table.entries().iter().map(|entry| entry.0).collect()
        }
        for words in [words(&NAMES), words(&EMAILS), words(&KEYS), words(&MARKER_VERBS)] {
            assert!(words.is_sorted_by(|a, b| a < b), "{words:?}");
            assert!(words.iter().all(|word| *word == word.to_ascii_lowercase()));
        }
    }

    #[test]
    fn every_name_is_folded() {
        for (name, _) in NAMES.entries() {
            let folded = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b' ';
            assert!(name.bytes().all(folded), "{name}");
        }
    }
}
