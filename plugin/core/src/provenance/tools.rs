//! The table of AI tools: how they are called, which addresses they commit from. Data, not code.
//!
//! Display names drift and addresses are stable, so an identity is an address. Whole domains never match: people who
//! work for a vendor commit from its domain. A policy adds its own tools under `provenance`.

use super::words::Words;
use crate::model::Help;

/// A word that is also a given name or a common word: alone it proves nothing beside a person's address or in prose.
const COMMON: bool = true;
/// A word that means the tool wherever it stands.
const OWN: bool = false;

/// Names of tools, folded (lower case, `-` and `_` as a space) and in order: the name, the id that findings carry, and
/// whether the name is a common word too. The longest name that fits counts.
pub(crate) static NAMES: Words<(&str, bool)> = Words::new(&[
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
    ("aws kiro", ("kiro", OWN)),
    ("aws q developer", ("amazon-q", OWN)),
    ("blackbox agent", ("blackbox", OWN)),
    ("blackbox ai", ("blackbox", OWN)),
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
    ("claude web", ("claude-code", OWN)),
    ("cline", ("cline", COMMON)),
    ("codeium", ("windsurf", OWN)),
    ("codeium cascade", ("windsurf", OWN)),
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
    ("cosine genie", ("cosine", OWN)),
    ("crush", ("crush", COMMON)),
    ("cursor", ("cursor", COMMON)),
    ("cursor agent", ("cursor", OWN)),
    ("cursor ai", ("cursor", OWN)),
    ("cursor background", ("cursor", OWN)),
    ("cursor background agent", ("cursor", OWN)),
    ("devin", ("devin", COMMON)),
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
    ("gitlab duo", ("gitlab-duo", OWN)),
    ("gitlab duo chat", ("gitlab-duo", OWN)),
    ("google antigravity", ("antigravity", OWN)),
    ("google gemini", ("gemini", OWN)),
    ("google gemini cli", ("gemini-cli", OWN)),
    ("google jules", ("jules", OWN)),
    ("google labs jules", ("jules", OWN)),
    ("grok", ("grok", COMMON)),
    ("grok build", ("grok", OWN)),
    ("grok code", ("grok", OWN)),
    ("ibm bob", ("ibm-bob", OWN)),
    ("jetbrains ai", ("jetbrains-ai", OWN)),
    ("jetbrains ai assistant", ("jetbrains-ai", OWN)),
    ("jetbrains junie", ("junie", OWN)),
    ("jules", ("jules", COMMON)),
    ("junie", ("junie", COMMON)),
    ("kimi", ("kimi-cli", COMMON)),
    ("kimi cli", ("kimi-cli", OWN)),
    ("kimi code", ("kimi-cli", OWN)),
    ("kimi code cli", ("kimi-cli", OWN)),
    ("kiro", ("kiro", COMMON)),
    ("kiro agent", ("kiro", OWN)),
    ("letta", ("letta-code", COMMON)),
    ("letta code", ("letta-code", OWN)),
    ("mistral vibe", ("mistral-vibe", OWN)),
    ("open code", ("opencode", OWN)),
    ("openai chatgpt", ("chatgpt", OWN)),
    ("openai codex", ("codex", OWN)),
    ("openai codex cli", ("codex", OWN)),
    ("opencode", ("opencode", OWN)),
    ("opencodes", ("opencode", OWN)),
    ("opendevin", ("openhands", OWN)),
    ("openhands", ("openhands", OWN)),
    ("openhands agent", ("openhands", OWN)),
    ("plandex", ("plandex", OWN)),
    ("q developer", ("amazon-q", OWN)),
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
    ("tabnine", ("tabnine", OWN)),
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
    ("bot@opendevin.com", ("openhands", Certainty::Sure)),
    ("cascade@windsurf.ai", ("windsurf", Certainty::Sure)),
    ("charmcrush@users.noreply.github.com", ("crush", Certainty::Sure)),
    ("claude-code@anthropic.com", ("claude-code", Certainty::Sure)),
    ("claude@anthropic.com", ("claude-code", Certainty::Sure)),
    ("clio-agent@sisyphuslabs.ai", ("sisyphus", Certainty::Sure)),
    ("code@blackbox.ai", ("blackbox", Certainty::Sure)),
    ("codex@openai.com", ("codex", Certainty::Sure)),
    ("copilot@github.com", ("github-copilot", Certainty::Default)),
    ("crush@charm.land", ("crush", Certainty::Sure)),
    ("cursoragent@cursor.com", ("cursor", Certainty::Sure)),
    ("duo@gitlab.com", ("gitlab-duo", Certainty::Sure)),
    ("gemini-cli@google.com", ("gemini-cli", Certainty::Sure)),
    ("help@firebender.com", ("firebender", Certainty::Sure)),
    ("junie@jetbrains.com", ("junie", Certainty::Sure)),
    ("kiro@amazon.com", ("kiro", Certainty::Sure)),
    ("kiro@kiro.dev", ("kiro", Certainty::Sure)),
    ("no-reply@amazon.com", ("amazon-q", Certainty::Sure)),
    ("noreply@aider.chat", ("aider", Certainty::Sure)),
    ("noreply@aider.dev", ("aider", Certainty::Sure)),
    ("noreply@anthropic.com", ("claude-code", Certainty::Sure)),
    ("noreply@aws.amazon.com", ("amazon-q", Certainty::Sure)),
    ("noreply@continue.dev", ("continue", Certainty::Sure)),
    ("noreply@cursor.com", ("cursor", Certainty::Sure)),
    ("noreply@kimi.com", ("kimi-cli", Certainty::Sure)),
    ("noreply@kiro.dev", ("kiro", Certainty::Sure)),
    ("noreply@letta.com", ("letta-code", Certainty::Sure)),
    ("noreply@openai.com", ("codex", Certainty::Sure)),
    ("noreply@opencode.ai", ("opencode", Certainty::Sure)),
    ("noreply@windsurf.ai", ("windsurf", Certainty::Sure)),
    ("noreply@x.ai", ("grok", Certainty::Sure)),
    ("opendevin@all-hands.dev", ("openhands", Certainty::Sure)),
    ("opendevin@opendevin.ai", ("openhands", Certainty::Sure)),
    ("openhands-claude@all-hands.dev", ("openhands", Certainty::Sure)),
    ("openhands@all-hands.dev", ("openhands", Certainty::Sure)),
    ("oz-agent@warp.dev", ("warp", Certainty::Sure)),
    ("q@amazon.com", ("amazon-q", Certainty::Sure)),
    ("qwen-coder@alibabacloud.com", ("qwen-code", Certainty::Sure)),
    ("qwenlm-intl@service.alibaba.com", ("qwen-code", Certainty::Sure)),
    ("roomote@roocode.com", ("roo-code", Certainty::Sure)),
    ("vibe@mistral.ai", ("mistral-vibe", Certainty::Sure)),
    ("windsurf@codeium.com", ("windsurf", Certainty::Sure)),
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
];

/// Addresses of machines that are neither people nor AI: a forge's own committer, release and dependency bots.
pub(crate) const MACHINES: &[&str] = &[
    "noreply@github.com",
    "teabot@gitea.io",
    "gemini-cli-robot@google.com",
    "224641728+gemini-cli-robot@users.noreply.github.com",
];

/// Words that begin the name of a model, folded. A word matches them with or without digits behind.
pub(crate) const MODEL_FAMILIES: &[&str] = &[
    "claude",
    "opus",
    "sonnet",
    "haiku",
    "fable",
    "gpt",
    "chatgpt",
    "gemini",
    "gemma",
    "glm",
    "qwen",
    "qwq",
    "kimi",
    "llama",
    "codellama",
    "deepseek",
    "mistral",
    "mixtral",
    "codestral",
    "devstral",
    "magistral",
    "grok",
    "composer",
    "o1",
    "o3",
    "o4",
    "nova",
    "phi",
    "minimax",
    "swe",
    "granite",
    "command",
    "starcoder",
    "nemotron",
    "ernie",
    "doubao",
    "hunyuan",
    "yi",
    "big pickle",
];

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

/// Values of a declaring trailer that deny AI.
pub(crate) const DENIALS: &[&str] =
    &["none", "no", "false", "n/a", "na", "0", "never", "not used", "no ai", "nil", "-"];

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
    /// Credits somebody's part in the work, mostly a person's: an AI by its address or by a name that no person has.
    Credits,
    /// An ordinary word as a key: says something only when its value names a tool or a model.
    Word,
    /// Declares what AI was used for.
    UsedFor,
    /// Names the model of the declaration beside it.
    Model,
    /// A tool's own trailer: a link or an id of a session.
    Session(&'static str),
    /// A session trailer that says nothing new once another trailer of the tool was read.
    SessionOf(&'static str),
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
    /// Whether the people that a line with this key names had a part in the commit as its author has.
    pub fn names_contributors(key: &str) -> bool {
        matches!(KEYS.get(key), Some((_, Key::CoAuthor))) || key.eq_ignore_ascii_case("co-developed-by")
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
    ("author", Key::Credits),
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
    ("coded-by", Key::Credits),
    ("committed-by", Key::Credits),
    ("conflict-resolved-by", Key::Assists(None)),
    ("copilot-session", Key::Session("github-copilot")),
    ("created-by", Key::Credits),
    ("created-with", Key::Assists(Some(Help::Generated))),
    ("developed-by", Key::Credits),
    ("duo-session", Key::Session("gitlab-duo")),
    ("entire-agent", Key::Names("entire")),
    ("entire-attribution", Key::EntireAttribution),
    ("entire-checkpoint", Key::Session("entire")),
    ("entire-session", Key::Session("entire")),
    ("generated-by", Key::Assists(Some(Help::Generated))),
    ("generated-with", Key::Assists(Some(Help::Generated))),
    ("helped-by", Key::Credits),
    ("implemented-by", Key::Credits),
    ("made-with", Key::Assists(None)),
    ("pair-programmed-with", Key::CoAuthor),
    ("replit-commit-author", Key::ReplitAuthor),
    ("replit-commit-session-id", Key::SessionOf("replit")),
    ("reported-by", Key::Review),
    ("reviewed-by", Key::Review),
    ("signed-off-by", Key::SignOff),
    ("suggested-by", Key::Review),
    ("synthesized-by", Key::Assists(Some(Help::Generated))),
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
    ("ultraworked", ()),
    ("written", ()),
]);

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
