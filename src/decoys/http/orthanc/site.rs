//! The explorer's files, served as embedded resources: no dates, no tags.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::answers::missing;
use crate::decoys::Making;
use crate::decoys::http::engine::Reply;
use crate::decoys::http::{favicon, site};
use crate::persona::Fault;

/// Files by their path below `/app/`.
pub(super) struct Files(BTreeMap<String, Bytes>);

impl Files {
    /// Reads the folder.
    ///
    /// # Errors
    /// A [`Fault`] when there is none.
    pub(super) fn new(making: &Making, folder: &str) -> Result<Self, Fault> {
        let files = &making.pack.files;
        let folder = format!("{}/{folder}/", making.host.folder);
        let mut all: BTreeMap<String, Bytes> = files
            .below(&folder)
            .filter_map(|path| {
                let name = path.strip_prefix(&folder)?.to_owned();
                Some((name, Bytes::copy_from_slice(files.get(path)?)))
            })
            .collect();
        if !all.contains_key("explorer.html") {
            return Err(Fault::of_file(files.display(&format!("{folder}explorer.html")), "file is missing"));
        }
        let installation = &making.pack.installation;
        let icon = favicon::ico(installation, site::accent(installation));
        all.insert("images/favicon.ico".to_owned(), icon.into());
        Ok(Files(all))
    }

    /// A file.
    pub(super) fn serve(&self, path: &str) -> Reply {
        match self.0.get(path) {
            Some(body) => Reply::new(200).typed(content_type(path)).with_body(body.clone()),
            None => missing(),
        }
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html",
        Some("css") => "text/css",
        Some("js") => "application/javascript",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}
