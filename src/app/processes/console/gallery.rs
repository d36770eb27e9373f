//! Draws the world's images for the console, as the archive drew them for whoever took them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;

use crate::app::config::Config;
use crate::app::launch::Launch;
use crate::app::{Layout, installation};
use crate::console::gallery::{Described, Gallery};
use crate::imaging::Imaging;
use crate::imaging::codec::Picture;
use crate::world::{View, World};

/// Longer side of a picture, in pixels.
const SIDE: u32 = 192;

/// Bytes for which images are kept: pictures have an eighth of it, some hundred.
const CACHE: usize = 32 << 20;

/// The world and its painter, made when the first picture is asked for.
struct Studio {
    world: Option<Arc<World>>,
    imaging: Imaging,
    /// One picture is drawn at a time: the appliance has other work.
    turn: Mutex<()>,
}

/// The gallery of a console.
pub(super) fn gallery(launch: &Launch, layout: &Layout) -> Gallery {
    let (config, layout) = (launch.config.clone(), layout.clone());
    let studio = Arc::new(OnceLock::new());
    let open: Arc<dyn Fn() -> Arc<Studio> + Send + Sync> =
        Arc::new(move || Arc::clone(studio.get_or_init(|| Arc::new(Studio::open(&config, &layout)))));
    let draws = Arc::clone(&open);
    Gallery {
        describe: Box::new(move |uid| open().describe(uid)),
        draw: Box::new(move |uid| draws().draw(uid)),
    }
}

impl Studio {
    fn open(config: &Config, layout: &Layout) -> Self {
        let world = world(config, layout);
        if let Err(reason) = &world {
            tracing::warn!(reason, "the console draws no images");
        }
        Studio { world: world.ok().map(Arc::new), imaging: Imaging::new(CACHE), turn: Mutex::new(()) }
    }

    fn view(&self) -> Option<View> {
        self.world.as_ref().map(|world| world.at(Timestamp::now()))
    }

    fn describe(&self, uid: &str) -> Option<Described> {
        let view = self.view()?;
        let (study, series, instance) = view.find_instance(uid)?;
        let patient = view.patient(study.patient).map(|patient| patient.name.chinese()).unwrap_or_default();
        Some(Described {
            instance: instance.uid,
            modality: series.modality.to_owned(),
            study: study.description,
            numbers: (series.number, instance.number),
            patient,
        })
    }

    fn draw(&self, uid: &str) -> Option<Vec<u8>> {
        let view = self.view()?;
        let (study, series, instance) = view.find_instance(uid)?;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Picture::from(self.imaging.preview(&view, &study, &series, &instance, SIDE)).png())
    }
}

fn world(config: &Config, layout: &Layout) -> Result<World, String> {
    let secret = installation::decoys(layout).map_err(|e| e.to_string())?;
    let pack = config.load_pack(secret).map_err(|e| e.to_string())?;
    Ok(World::new(Arc::clone(&pack.hospital), &pack.installation))
}
