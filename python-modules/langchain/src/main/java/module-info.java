/** LangChain with its Python packages, and its bridge. Resources only. */
module dev.terrarium.python.langchain {
  requires dev.terrarium.python.bridge;
}
