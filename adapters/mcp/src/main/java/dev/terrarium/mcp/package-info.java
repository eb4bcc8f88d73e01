/** Contains the tools of MCP servers. */
@NullMarked
package dev.terrarium.mcp;

import org.jspecify.annotations.NullMarked;
