/** The HTTP server around an express app. */
import { createServer, type RequestListener, type Server } from 'node:http';

/**
 * Bytes of a request's address, and of it with all headers. What lies between is for the page token that a next link
 * adds to the address it was asked by.
 */
export const LONGEST_ADDRESS = 32 * 1024;
const MOST_HEAD = 80 * 1024;

export const makeServer = (app: RequestListener): Server => createServer({ maxHeaderSize: MOST_HEAD }, app);
