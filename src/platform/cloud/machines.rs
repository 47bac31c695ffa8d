//! The images and disks of machines that a cloud makes.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::value::{Disk, Label};
use crate::yaml::Field;

/// The image that machines boot from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// Canonical's image of this release.
    Ubuntu(Label),
    /// An image of your own, by its id.
    Own(Label),
}

impl Image {
    /// By default: Ubuntu 24.04, which is supported until 2029. `own`: the ids that the cloud gives to images.
    pub fn check(field: &Field<ImageFile>, own: &ImageIds, problems: &mut Diagnostics) -> Option<Image> {
        let Some((span, file)) = field.spanned() else {
            return Some(Image::Ubuntu("24.04".parse().expect("a label")));
        };
        match (file.ubuntu.spanned(), file.gallery.spanned()) {
            (Some((at, release)), None) => {
                if !UBUNTU.contains(&release.as_str()) {
                    problems
                        .add(Code::T012, at, format!("no supported image of Ubuntu {release} is known"))
                        .help(format!("take \"{}\"", UBUNTU.join("\" or \"")));
                    return None;
                }
                Some(Image::Ubuntu(release.clone()))
            }
            (None, Some((at, id))) => {
                if !(own.has)(id.as_str()) {
                    problems
                        .add(Code::T012, at, format!("`{id}` is not an image id of this cloud"))
                        .help(format!("write an id such as {}", own.examples));
                }
                Some(Image::Own(id.clone()))
            }
            _ => {
                let named = [file.ubuntu.is_missing(), file.gallery.is_missing()];
                // One that is there and wrong is reported already.
                if named[0] == named[1] {
                    problems
                        .add(Code::T012, span, "an image is one of `ubuntu` and `gallery`")
                        .help("write one of them: image: { ubuntu: \"24.04\" }");
                }
                None
            }
        }
    }
}

/// The ids that a cloud gives to images.
#[derive(Debug)]
pub struct ImageIds {
    has: fn(&str) -> bool,
    examples: &'static str,
}

/// AWS: an AMI.
pub const AWS_IMAGES: ImageIds = ImageIds {
    has: |id| {
        id.strip_prefix("ami-")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    },
    examples: "ami-0123456789abcdef0",
};

/// Azure: a managed image, or an image (or a version of one) in a gallery of one's own, of a community, or shared directly (`source_image_id` of
/// Terraform's provider).
pub const AZURE_IMAGES: ImageIds = ImageIds {
    has: is_azure_image,
    examples: "/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Compute/galleries/GALLERY/images/NAME/versions/1.0.0 or \
               /communityGalleries/GALLERY/images/NAME",
};

/// Parts in capitals stand for names; the id ends after one of them.
const AZURE_SHAPES: &[&str] = &[
    "subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Compute/images/NAME",
    "subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Compute/galleries/GALLERY/images/NAME",
    "subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Compute/galleries/GALLERY/images/NAME/versions/VERSION",
    "communityGalleries/GALLERY/images/NAME",
    "communityGalleries/GALLERY/images/NAME/versions/VERSION",
    "sharedGalleries/GALLERY/images/NAME",
    "sharedGalleries/GALLERY/images/NAME/versions/VERSION",
];

fn is_azure_image(id: &str) -> bool {
    let Some(id) = id.strip_prefix('/') else { return false };
    let parts: Vec<&str> = id.split('/').collect();
    let fits = |shape: &str| {
        let shape: Vec<&str> = shape.split('/').collect();
        let is_name = |part: &str| part.bytes().all(|byte| byte.is_ascii_uppercase());
        let same = |(wanted, part): (&&str, &&str)| {
            if is_name(wanted) { !part.is_empty() } else { wanted.eq_ignore_ascii_case(part) }
        };
        shape.len() == parts.len() && shape.iter().zip(&parts).all(same)
    };
    AZURE_SHAPES.iter().any(|shape| fits(shape))
}

/// Releases that Canonical supports and that carry Java 17 (November 2026).
const UBUNTU: &[&str] = &["22.04", "24.04", "26.04"];

/// Reports a disk that the cloud would not make. `sizes` in GiB.
pub fn check_disk(field: &Field<Disk>, what: &str, sizes: RangeInclusive<u32>, problems: &mut Diagnostics) {
    if let Some((at, disk)) = field.spanned().filter(|(_, disk)| !sizes.contains(&disk.get())) {
        let (least, most) = (sizes.start(), sizes.end());
        let message = format!("{what} cannot have {disk} GiB");
        problems.add(Code::T012, at, message).help(format!("take {least} to {most}"));
    }
}

/// The image that machines boot from: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageFile {
    /// Canonical's image of this Ubuntu release, for example `"24.04"`.
    pub ubuntu: Field<Label>,
    /// The id of an image of your own: a version in a gallery on Azure, an AMI on AWS.
    pub gallery: Field<Label>,
}
