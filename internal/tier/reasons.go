package tier

import (
	"gatepost/letterbox"
	"gatepost/web/words"
)

// Reasons are the reasons that every agency begins with, in the words of the
// English catalogue: they are sealed with the act that says one.
func Reasons() (letterbox.Reasons, error) {
	catalogue, err := words.Load()
	if err != nil {
		return letterbox.Reasons{}, err
	}
	w := catalogue.In("en")
	var own letterbox.Reasons
	for _, id := range letterbox.ReturnReasons() {
		own.Letter = append(own.Letter, letterbox.Reason{ID: string(id), Words: w.T("reason." + string(id)), Kinder: w.T("reason.kinder." + string(id))})
	}
	for _, id := range letterbox.PhotoReasons() {
		own.Photo = append(own.Photo, letterbox.Reason{ID: id, Words: w.T("photo.reason." + id)})
	}
	for _, id := range letterbox.RecordingReasons() {
		own.Recording = append(own.Recording, letterbox.Reason{ID: id, Words: w.T("recording.reason." + id)})
	}
	return own, nil
}
