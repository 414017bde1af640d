package photo

import "image"

// The walkers one by one, for their fuzz targets. They have to be given anything.
func WalkJPEG(b []byte) error { return (&survey{}).jpeg(b) }
func WalkPNG(b []byte) error  { return (&survey{}).png(b) }
func WalkWebP(b []byte) error { return (&survey{}).webp(b) }
func WalkHEIC(b []byte) error { return (&survey{}).heic(b) }
func WalkEXIF(b []byte)       { (&survey{}).exif(b) }
func WalkBlocks(b []byte)     { (&survey{}).photoshop(b); (&survey{}).iptc(b) }

// Shrink makes a picture smaller.
func Shrink(src image.Image, most int) *image.RGBA { return shrink(src, most) }
