//! The server's pages as a person uses them: logged in, with cookies, pressing buttons.

use std::collections::BTreeMap;

use crate::server::{Gitea, PASSWORD};

/// The pages of a server, and whoever is logged in.
pub struct Page {
    agent: ureq::Agent,
    url: String,
    cookies: BTreeMap<String, String>,
}

impl Page {
    /// Logs somebody in.
    pub fn log_in(gitea: &Gitea, who: &str) -> Self {
        let agent = crate::agent();
        let mut page = Page { agent, url: gitea.url.clone(), cookies: BTreeMap::new() };
        let (status, text) = page.press("user/login", &[("user_name", who), ("password", PASSWORD)]);
        assert_eq!(status, 303, "{who} cannot log in: {text}");
        page
    }

    /// Looks at a page.
    pub fn look(&mut self, path: &str) -> String {
        let request = self.agent.get(format!("{}{path}", self.url)).header("Cookie", self.cookie());
        let answer = request.call().unwrap();
        let (status, text) = self.took(answer);
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    /// Sends a form; gives the status and what is answered.
    pub fn press(&mut self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let request = self.agent.post(format!("{}{path}", self.url)).header("Cookie", self.cookie());
        let answer = request.send_form(form.iter().copied()).unwrap();
        self.took(answer)
    }

    fn cookie(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn took(&mut self, mut answer: ureq::http::Response<ureq::Body>) -> (u16, String) {
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap_or_default())
    }
}
