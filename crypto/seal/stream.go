package seal

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// streamHeader is the size of a header with one reader.
const streamHeader = len(headerIntro) + stanzaSize + footerSize

// Stream gives a writer: what is written to it goes to w as a binary age file
// (C2SP age.md) with one post-quantum hybrid reader and no frame. It is for what
// is too large for memory, such as a backup. The file is whole only after Close,
// which does not close w.
func Stream(w io.Writer, to *age.HybridRecipient) (io.WriteCloser, error) {
	if to == nil {
		return nil, errors.New("seal a stream: the reader has no key")
	}
	sealed, err := age.Encrypt(w, to)
	if err != nil {
		return nil, fmt.Errorf("seal a stream: %w", err)
	}
	return sealed, nil
}

// OpenStream opens what Stream wrote. It refuses a header of any other shape.
//
// Each block of 64 KiB is checked before it is given out, but that the end is
// missing shows only at the end: whoever uses a stream reads it to io.EOF first,
// or can undo what came of its beginning. Nobody has vouched for what is inside.
//
// Errors: ErrHeader, ErrKey; from the reader, ErrFrame for what is damaged, cut
// short or lengthened.
func OpenStream(r io.Reader, id *age.HybridIdentity) (io.Reader, error) {
	in := bufio.NewReaderSize(r, chunkSize)
	head, err := in.Peek(streamHeader)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read a sealed stream: %w", err)
	}
	if err := CheckHeader(head, 1); err != nil {
		return nil, err
	}
	if id == nil {
		return nil, ErrKey
	}
	plain, err := age.Decrypt(in, id)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, ErrKey
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFrame, err)
	}
	return opened{plain}, nil
}

// opened names whatever stops the reading of a stream before its end.
type opened struct{ r io.Reader }

func (o opened) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %w", ErrFrame, err)
	}
	return n, err
}
