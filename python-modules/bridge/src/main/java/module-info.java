/**
 * Terrarium's Python half: the bridge between handlers and the engine, and Python's standard
 * library. Resources only.
 */
module dev.terrarium.python.bridge {}
