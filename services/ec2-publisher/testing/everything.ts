/** All that is off by itself: a private image is tried as an instance and marked, and parameters name the newest. */
export const everything = {
  IMAGEDROP_EC2_PUBLISHER_TRIALS: 'x86_64/legacy-bios=t2.micro',
  IMAGEDROP_EC2_PUBLISHER_PARAMETERS: '/imagedrop',
  IMAGEDROP_EC2_PUBLISHER_WATERMARK: 'imagedrop',
}
