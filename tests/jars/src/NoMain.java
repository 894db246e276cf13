/** A class without a main method. */
public class NoMain {}
