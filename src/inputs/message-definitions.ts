import type { BagTopicDefinition } from "./bag-writer.ts";
import { COMPRESSED_IMAGE_TYPE, IMAGE_TYPE } from "./ros-image.ts";

/** What ROS 1 computes from the definition of sensor_msgs/CameraInfo. */
export const CAMERA_INFO_TYPE = {
  name: "sensor_msgs/CameraInfo",
  md5: "c9a58c1b0b154e0e6da7578cb991d214",
} as const;

const SEPARATOR = "=".repeat(80);

const HEADER = `${SEPARATOR}
MSG: std_msgs/Header
uint32 seq
time stamp
string frame_id
`;

const IMAGE = `std_msgs/Header header
uint32 height
uint32 width
string encoding
uint8 is_bigendian
uint32 step
uint8[] data
${HEADER}`;

const COMPRESSED_IMAGE = `std_msgs/Header header
string format
uint8[] data
${HEADER}`;

const CAMERA_INFO = `std_msgs/Header header
uint32 height
uint32 width
string distortion_model
float64[] D
float64[9] K
float64[9] R
float64[12] P
uint32 binning_x
uint32 binning_y
sensor_msgs/RegionOfInterest roi
${HEADER}${SEPARATOR}
MSG: sensor_msgs/RegionOfInterest
uint32 x_offset
uint32 y_offset
uint32 height
uint32 width
bool do_rectify
`;

/** A topic of sensor_msgs/Image, to be written. */
export function imageTopic(topic: string): BagTopicDefinition {
  return { topic, type: IMAGE_TYPE.name, md5: IMAGE_TYPE.md5, definition: IMAGE };
}

/** A topic of sensor_msgs/CompressedImage. */
export function compressedImageTopic(topic: string): BagTopicDefinition {
  return {
    topic,
    type: COMPRESSED_IMAGE_TYPE.name,
    md5: COMPRESSED_IMAGE_TYPE.md5,
    definition: COMPRESSED_IMAGE,
  };
}

/** A topic of sensor_msgs/CameraInfo. */
export function cameraInfoTopic(topic: string): BagTopicDefinition {
  return { topic, type: CAMERA_INFO_TYPE.name, md5: CAMERA_INFO_TYPE.md5, definition: CAMERA_INFO };
}
