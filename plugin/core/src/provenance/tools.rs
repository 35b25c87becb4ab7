//! The table of AI tools: how they are called, which addresses they commit from. Data, not code.
//!
//! Display names drift and addresses are stable, so an identity is an address. Whole domains never match: people who
//! work for a vendor commit from its domain. A policy adds its own tools under `provenance`.

/// One tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    /// The id that findings carry.
    pub id: &'static str,
    /// Names, folded: lower case, `-` and `_` as a space. Longer ones first where one is a prefix of another.
    pub names: &'static [&'static str],
    /// Names that are also given names or common words: alone they prove nothing beside a person's address or in prose.
    pub common: &'static [&'static str],
}

const fn tool(id: &'static str, names: &'static [&'static str], common: &'static [&'static str]) -> Tool {
    Tool { id, names, common }
}

pub(crate) const TOOLS: &[Tool] = &[
    tool(
        "github-copilot-autofix",
        &["github copilot autofix", "copilot autofix"],
        &[],
    ),
    tool(
        "github-copilot",
        &[
            "github copilot chat",
            "github copilot cli",
            "github copilot app",
            "github copilot agent",
            "github copilot",
            "gh copilot",
            "copilot swe agent",
            "copilot coding agent",
            "copilot chat",
            "copilot cli",
            "copilot app",
            "copilot agent",
            "copilot",
        ],
        &[],
    ),
    tool(
        "claude-code",
        &[
            "anthropic claude code",
            "claude code action",
            "claude code",
            "anthropic claude",
            "claude ai",
            "claude web",
            "claude cli",
            "claude",
        ],
        &["claude"],
    ),
    tool(
        "cursor",
        &[
            "cursor background agent",
            "cursor background",
            "cursor agent",
            "cursor ai",
            "cursor",
        ],
        &["cursor"],
    ),
    tool("aider", &["aider chat", "aider"], &[]),
    tool(
        "codex",
        &[
            "openai codex cli",
            "openai codex",
            "chatgpt codex connector",
            "codex cloud",
            "codex cli",
            "codex",
        ],
        &[],
    ),
    tool("chatgpt", &["openai chatgpt", "chat gpt", "chatgpt"], &[]),
    tool(
        "devin",
        &["devin ai integration", "devin ai", "devin"],
        &["devin"],
    ),
    tool(
        "jules",
        &["google labs jules", "google jules", "jules"],
        &["jules"],
    ),
    tool("gemini-code-assist", &["gemini code assist"], &[]),
    tool("gemini-cli", &["google gemini cli", "gemini cli"], &[]),
    tool("gemini", &["google gemini", "gemini"], &["gemini"]),
    tool(
        "antigravity",
        &["google antigravity", "antigravity"],
        &["antigravity"],
    ),
    tool(
        "amp",
        &["sourcegraph amp", "amp code", "ampcode", "amp"],
        &["amp"],
    ),
    tool(
        "crush",
        &["charmbracelet crush", "charm crush", "crush"],
        &["crush"],
    ),
    tool("mistral-vibe", &["mistral vibe"], &[]),
    tool("opencode", &["open code", "opencodes", "opencode"], &[]),
    tool(
        "kimi-cli",
        &["kimi code cli", "kimi cli", "kimi code", "kimi"],
        &["kimi"],
    ),
    tool("qwen-code", &["qwen coder", "qwen code"], &[]),
    tool("factory-droid", &["factory droid", "droid"], &["droid"]),
    tool(
        "kiro",
        &["amazon kiro", "aws kiro", "kiro agent", "kiro"],
        &["kiro"],
    ),
    tool(
        "amazon-q",
        &[
            "amazon q developer",
            "aws q developer",
            "amazon q",
            "amazonq",
            "q developer",
        ],
        &[],
    ),
    tool("warp", &["warp agent", "warp ai", "warp"], &["warp"]),
    tool("letta-code", &["letta code", "letta"], &["letta"]),
    tool("firebender", &["firebender"], &[]),
    tool(
        "continue",
        &["continue agent", "continue dev", "continue cli", "continue"],
        &["continue"],
    ),
    tool("roo-code", &["roo code", "roocode", "roomote", "roo"], &["roo"]),
    tool("cline", &["cline"], &["cline"]),
    tool("openhands", &["openhands agent", "openhands", "opendevin"], &[]),
    tool("entire", &[], &[]),
    tool(
        "gitlab-duo",
        &["gitlab duo chat", "gitlab duo", "duo workflow"],
        &[],
    ),
    tool(
        "replit",
        &["replit agent", "replit assistant", "replit"],
        &["replit"],
    ),
    tool("junie", &["jetbrains junie", "junie"], &["junie"]),
    tool("jetbrains-ai", &["jetbrains ai assistant", "jetbrains ai"], &[]),
    tool(
        "windsurf",
        &["windsurf cascade", "windsurf", "codeium cascade", "codeium"],
        &["windsurf"],
    ),
    tool("zed", &["zed agent", "zed ai", "zed"], &["zed"]),
    tool(
        "grok",
        &["xai grok", "grok build", "grok code", "grok"],
        &["grok"],
    ),
    tool("verdent", &["verdent ai", "verdent"], &[]),
    tool("devx", &["devx"], &["devx"]),
    tool("sisyphus", &["sisyphus"], &["sisyphus"]),
    tool("ibm-bob", &["ibm bob"], &[]),
    tool("plandex", &["plandex"], &[]),
    tool("cosine", &["cosine genie"], &[]),
    tool("blackbox", &["blackbox agent", "blackbox ai"], &[]),
    tool("sourcegraph-cody", &["sourcegraph cody", "cody ai"], &[]),
    tool("rovo-dev", &["atlassian rovo dev", "rovo dev"], &[]),
    tool("ellipsis", &["ellipsis dev"], &[]),
    tool("anthropic", &["anthropic"], &["anthropic"]),
    tool("tabnine", &["tabnine"], &[]),
    tool("git-ai", &[], &[]),
];

/// How surely an address belongs to a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// The tool's own address.
    Sure,
    /// An editor's default, stamped on commits that no AI touched too (VS Code in April and May 2026).
    Default,
}

/// Exact addresses, in lower case and in order.
pub(crate) const EMAILS: &[(&str, &str, Certainty)] = &[
    ("agent@blackbox.ai", "blackbox", Certainty::Sure),
    ("agent@continue.dev", "continue", Certainty::Sure),
    ("agent@cosine.sh", "cosine", Certainty::Sure),
    ("agent@warp.dev", "warp", Certainty::Sure),
    ("agent@zed.dev", "zed", Certainty::Sure),
    ("aider@aider.chat", "aider", Certainty::Sure),
    ("amp@ampcode.com", "amp", Certainty::Sure),
    ("bot@opendevin.com", "openhands", Certainty::Sure),
    ("cascade@windsurf.ai", "windsurf", Certainty::Sure),
    ("charmcrush@users.noreply.github.com", "crush", Certainty::Sure),
    ("claude-code@anthropic.com", "claude-code", Certainty::Sure),
    ("claude@anthropic.com", "claude-code", Certainty::Sure),
    ("clio-agent@sisyphuslabs.ai", "sisyphus", Certainty::Sure),
    ("code@blackbox.ai", "blackbox", Certainty::Sure),
    ("codex@openai.com", "codex", Certainty::Sure),
    ("copilot@github.com", "github-copilot", Certainty::Default),
    ("crush@charm.land", "crush", Certainty::Sure),
    ("cursoragent@cursor.com", "cursor", Certainty::Sure),
    ("duo@gitlab.com", "gitlab-duo", Certainty::Sure),
    ("gemini-cli@google.com", "gemini-cli", Certainty::Sure),
    ("help@firebender.com", "firebender", Certainty::Sure),
    ("junie@jetbrains.com", "junie", Certainty::Sure),
    ("kiro@amazon.com", "kiro", Certainty::Sure),
    ("kiro@kiro.dev", "kiro", Certainty::Sure),
    ("no-reply@amazon.com", "amazon-q", Certainty::Sure),
    ("noreply@aider.chat", "aider", Certainty::Sure),
    ("noreply@aider.dev", "aider", Certainty::Sure),
    ("noreply@anthropic.com", "claude-code", Certainty::Sure),
    ("noreply@aws.amazon.com", "amazon-q", Certainty::Sure),
    ("noreply@continue.dev", "continue", Certainty::Sure),
    ("noreply@cursor.com", "cursor", Certainty::Sure),
    ("noreply@kimi.com", "kimi-cli", Certainty::Sure),
    ("noreply@kiro.dev", "kiro", Certainty::Sure),
    ("noreply@letta.com", "letta-code", Certainty::Sure),
    ("noreply@openai.com", "codex", Certainty::Sure),
    ("noreply@opencode.ai", "opencode", Certainty::Sure),
    ("noreply@windsurf.ai", "windsurf", Certainty::Sure),
    ("noreply@x.ai", "grok", Certainty::Sure),
    ("opendevin@all-hands.dev", "openhands", Certainty::Sure),
    ("opendevin@opendevin.ai", "openhands", Certainty::Sure),
    ("openhands-claude@all-hands.dev", "openhands", Certainty::Sure),
    ("openhands@all-hands.dev", "openhands", Certainty::Sure),
    ("oz-agent@warp.dev", "warp", Certainty::Sure),
    ("q@amazon.com", "amazon-q", Certainty::Sure),
    ("qwen-coder@alibabacloud.com", "qwen-code", Certainty::Sure),
    ("qwenlm-intl@service.alibaba.com", "qwen-code", Certainty::Sure),
    ("roomote@roocode.com", "roo-code", Certainty::Sure),
    ("vibe@mistral.ai", "mistral-vibe", Certainty::Sure),
    ("windsurf@codeium.com", "windsurf", Certainty::Sure),
];

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
    (
        62_310_815,
        "github-advanced-security[bot]",
        "github-copilot-autofix",
    ),
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
    "gemini-cli-robot@google.com",
    "224641728+gemini-cli-robot@users.noreply.github.com",
    "49699333+dependabot[bot]@users.noreply.github.com",
    "29139614+renovate[bot]@users.noreply.github.com",
    "41898282+github-actions[bot]@users.noreply.github.com",
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
    "big-pickle",
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
pub(crate) const DENIALS: &[&str] = &[
    "none", "no", "false", "n/a", "na", "0", "never", "not used", "no ai", "nil", "-",
];

/// How a trailer's key is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// `Co-authored-by` and its spellings: an AI when the address, or a plain tool name without address, says so.
    CoAuthor,
    /// Declares AI by its key alone; the value names tool and model, or says what for, or denies.
    Declares,
    /// Declares help; by a person or by an AI, as the value says.
    Assists,
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

/// Keys, folded to lower case, in order.
pub(crate) const KEYS: &[(&str, Key)] = &[
    ("acked-by", Key::Review),
    ("agent-id", Key::Names("unknown")),
    ("agent-logs-url", Key::Session("github-copilot")),
    ("agent-signature", Key::Names("unknown")),
    ("ai-agent", Key::Declares),
    ("ai-assist", Key::Declares),
    ("ai-assistance", Key::Declares),
    ("ai-assistant", Key::Declares),
    ("ai-assisted", Key::Declares),
    ("ai-assisted-by", Key::Declares),
    ("ai-co-authored-by", Key::Declares),
    ("ai-generated", Key::Declares),
    ("ai-generated-by", Key::Declares),
    ("ai-model", Key::Model),
    ("ai-tool", Key::Declares),
    ("ai-tools", Key::Declares),
    ("ai-used", Key::Declares),
    ("ai-used-for", Key::UsedFor),
    ("amp-thread-id", Key::Session("amp")),
    ("assisted-by", Key::Assists),
    ("claude-generated-by", Key::ClaudeGeneratedBy),
    ("claude-session", Key::Session("claude-code")),
    ("claude-session-id", Key::Session("claude-code")),
    ("co-author", Key::CoAuthor),
    ("co-authored", Key::CoAuthor),
    ("co-authored-by", Key::CoAuthor),
    ("co-authored-by-ai", Key::Declares),
    ("co-developed-by", Key::Assists),
    ("coauthored-by", Key::CoAuthor),
    ("conflict-resolved-by", Key::Assists),
    ("copilot-session", Key::Session("github-copilot")),
    ("duo-session", Key::Session("gitlab-duo")),
    ("entire-agent", Key::Names("entire")),
    ("entire-attribution", Key::EntireAttribution),
    ("entire-checkpoint", Key::Session("entire")),
    ("entire-session", Key::Session("entire")),
    ("generated-by", Key::Assists),
    ("made-with", Key::Assists),
    ("replit-commit-author", Key::ReplitAuthor),
    ("replit-commit-session-id", Key::SessionOf("replit")),
    ("reported-by", Key::Review),
    ("reviewed-by", Key::Review),
    ("signed-off-by", Key::SignOff),
    ("suggested-by", Key::Review),
    ("synthesized-by", Key::Assists),
    ("tested-by", Key::Review),
    ("x-ai-model", Key::Model),
    ("x-ai-tool", Key::Declares),
];

/// Verbs that begin a line which a tool leaves behind (`Generated with [Tool](url)`).
pub(crate) const MARKER_VERBS: &[&str] = &[
    "generated",
    "created",
    "made",
    "prepared",
    "written",
    "built",
    "authored",
    "co-authored",
    "ultraworked",
    "produced",
    "crafted",
    "coded",
    "implemented",
    "developed",
    "drafted",
    "assisted",
    "powered",
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
    fn tables_that_are_searched_by_halving_are_in_order_and_folded() {
        assert!(EMAILS.is_sorted_by(|a, b| a.0 < b.0), "EMAILS");
        assert!(KEYS.is_sorted_by(|a, b| a.0 < b.0), "KEYS");
        for text in EMAILS.iter().map(|e| e.0).chain(KEYS.iter().map(|k| k.0)) {
            assert_eq!(text, text.to_ascii_lowercase());
        }
    }

    #[test]
    fn every_identity_names_a_tool_of_the_table() {
        let known = |id: &str| TOOLS.iter().any(|tool| tool.id == id);
        for id in EMAILS
            .iter()
            .map(|e| e.1)
            .chain(GITHUB.iter().map(|g| g.2))
            .chain(RECORDED_AS.iter().map(|r| r.1))
        {
            assert!(known(id), "{id}");
        }
    }

    #[test]
    fn a_longer_name_stands_before_its_own_beginning() {
        for tool in TOOLS {
            for (at, name) in tool.names.iter().enumerate() {
                let later = tool.names.get(at + 1..).unwrap_or_default();
                assert!(
                    !later.iter().any(|other| other.starts_with(name)),
                    "{}: {name}",
                    tool.id
                );
            }
        }
    }
}
