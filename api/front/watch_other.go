//go:build !unix

package front

// watch reads as net/http would. What comes early has lost its beginning, so
// that the connection is net/http's from then on.
func (c *conn) watch(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.lost = c.lost || n > 0
	return n, err
}
