//! Accounts that forges keep for themselves: those that stand for nobody, and those by which a forge acts.

use crate::model::Account;

/// Under which a forge shows what accounts did that are gone: GitHub, GitLab (`ghost1` on gitlab.com), Gitea and Forgejo.
const NOBODY: &[&str] = &["ghost", "ghost1"];

/// The id of Gitea's and Forgejo's ghost.
const NOBODY_ID: &str = "-1";

/// By which a forge acts: Gitea 1.26 and Forgejo 12 (`models/user/user_system.go`), GitHub, GitLab 17 (`lib/users/internal.rb`).
const FORGES_OWN: &[&str] = &[
    "gitea-actions",
    "forgejo-actions",
    "web-flow",
    "alert-bot",
    "support-bot",
    "automation-bot",
    "migration-bot",
    "visual-review-bot",
    "gitlab-admin-bot",
    "gitlab-security-bot",
    "gitlabduo",
];

/// Whether a login is one under which a forge shows accounts that are gone.
pub(crate) fn is_nobodys(login: &str) -> bool {
    NOBODY.iter().any(|name| name.eq_ignore_ascii_case(login))
}

/// Whether an account stands for accounts that are gone, and so for nobody.
pub(crate) fn is_nobody(account: &Account<'_>) -> bool {
    account.id.as_deref() == Some(NOBODY_ID) || account.login.as_deref().is_some_and(is_nobodys)
}

/// Whether a login is a program's by how forges name those: their own, GitHub's apps (`NAME[bot]`), and the bots of GitLab's
/// access tokens (`project_1_bot_...`, `group_1_bot_...`).
pub(crate) fn is_programs(login: &str) -> bool {
    let token_bot = |of: &str| {
        let rest = login.strip_prefix(of).map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        rest.is_some_and(|rest| rest.starts_with("_bot"))
    };
    login.ends_with("[bot]")
        || FORGES_OWN.iter().any(|name| name.eq_ignore_ascii_case(login))
        || token_bot("project_")
        || token_bot("group_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_and_programs_are_known_by_their_logins() {
        let login = |login: &'static str| Account { login: Some(login.into()), ..Account::default() };
        let id = |id: &'static str| Account { id: Some(id.into()), ..Account::default() };
        assert!(is_nobody(&login("Ghost")) && is_nobody(&login("ghost1")) && is_nobody(&id("-1")));
        assert!(!is_nobody(&login("ghostwriter")) && !is_nobody(&id("1")) && !is_nobody(&Account::default()));
        for (login, programs) in [
            ("gitea-actions", true),
            ("Web-Flow", true),
            ("renovate[bot]", true),
            ("project_12_bot_4ffca233d8298ea1", true),
            ("group_3_bot", true),
            ("project_manager_bot", false),
            ("botticelli", false),
        ] {
            assert_eq!(is_programs(login), programs, "{login}");
        }
    }
}
