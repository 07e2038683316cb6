//go:build unix

package front

import (
	"errors"
	"io"
	"syscall"
)

// watch waits until the client leaves or a deadline passes, and takes nothing
// of what the client sends meanwhile: that is the beginning of a request, which
// is read as such when net/http has answered the one at hand.
func (c *conn) watch(p []byte) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var gone error
	err = raw.Read(func(fd uintptr) bool {
		for {
			n, _, err := syscall.Recvfrom(int(fd), p, syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			switch {
			case errors.Is(err, syscall.EINTR):
				continue
			case n > 0 || errors.Is(err, syscall.EAGAIN):
				return false // until there is something new
			case err != nil:
				gone = err
			default:
				gone = io.EOF
			}
			return true
		}
	})
	if err == nil {
		err = gone
	}
	return 0, err
}
